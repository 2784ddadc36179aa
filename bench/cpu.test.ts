import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { cpuTime, readStat, residentBytes } from './cpu.ts'

/** What the test burns and what it waits for, well above the grain of 10 ms. */
const BURN_MS = 300

test('a name with spaces and parentheses does not shift the fields', () => {
  const rest = 'S 1 1 1 0 -1 4194304 100 0 0 0 11 22 3 4 20 0 1 0 5 6 7'
  assert.deepEqual(readStat(`42 (a) b (c) ${rest}`), { userUs: 140_000, systemUs: 260_000 })
})

test('CPU time of a child counts for its parent while it runs and after it ended', async () => {
  const before = total(process.pid)
  const burn = `const end = Date.now() + ${BURN_MS}; while (Date.now() < end); console.log(1); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', burn], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const running = total(process.pid) - before
  assert.ok(running > 0.2 * BURN_MS * 1000, `${running} µs while it runs`)
  const alive = residentBytes(process.pid)
  child.kill('SIGKILL')
  await once(child, 'close')
  const ended = total(process.pid) - before
  assert.ok(ended >= running, `${ended} µs after it ended`)
  assert.ok(residentBytes(process.pid) < alive)
})

function total(pid: number): number {
  const { userUs, systemUs } = cpuTime(pid)
  return userUs + systemUs
}
