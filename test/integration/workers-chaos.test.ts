import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import {
  descriptorsOf,
  KeepAliveClient,
  noProcesses,
  residentBytesOf,
  startProcessGateway,
} from '../support/process-gateway.ts'
import { settled } from '../support/wait.ts'

const ECHO = `export default {
  async fetch(request) {
    await new Promise((next) => setTimeout(next, Math.random() * 4))
    return new Response(process.pid + ' ' + new URL(request.url).pathname)
  },
}
`

const CONFIGURATION = `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { echo: { function: echo.js } }
routes: [{ path: /*, backend: echo, auth: none }]
log: { access: false }
`

const KILLS = 12
const KEPT = 12
const SHORT = 6
/** The runtime's heap grows for a while before it is collected; what a killed worker would leave behind is far more. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024

interface Tally {
  answered: number
  broken: number
  /** What must not be. */
  readonly wrong: string[]
}

/** Asks again and again on one connection, or on a new one each time, until it is told to stop. */
async function load(
  url: string,
  name: string,
  kept: boolean,
  killed: ReadonlySet<number>,
  tally: Tally,
  going: () => boolean,
): Promise<void> {
  let client = new KeepAliveClient(url)
  let server: number | undefined
  for (let i = 0; going(); i++) {
    const answer = await client.ask(`/${name}.${i}`)
    if (answer.status === 200) {
      tally.answered++
      const [pid, path] = answer.body.split(' ')
      if (path !== `/${name}.${i}`) tally.wrong.push(`/${name}.${i} got the answer to ${path}`)
      server = Number(pid)
    } else {
      tally.broken++
      // A connection breaks with the worker that has it, and for no other reason.
      if (answer.error !== 'ECONNRESET') tally.wrong.push(answer.error || `status ${answer.status}`)
      else if (kept && server !== undefined && !killed.has(server))
        tally.wrong.push(`${server} lives, and broke off`)
      server = undefined
    }
    if (!kept) {
      client.close()
      client = new KeepAliveClient(url)
    }
  }
  client.close()
}

describe('workers killed under load', { skip: noProcesses, timeout: 120_000 }, () => {
  test('only what they were serving breaks, the port stays open, they are replaced, and the primary keeps nothing', async () => {
    await using gateway = await startProcessGateway({
      configuration: CONFIGURATION,
      files: { 'echo.js': ECHO },
    })
    const killed = new Set<number>()
    const tally: Tally = { answered: 0, broken: 0, wrong: [] }
    let going = true
    const clients = Array.from({ length: KEPT + SHORT }, (_, i) =>
      load(gateway.url, String(i), i < KEPT, killed, tally, () => going),
    )
    await sleep(1000)
    const before = { descriptors: descriptorsOf(gateway.cli.pid), bytes: residentBytesOf(gateway.cli.pid) }
    for (let i = 0; i < KILLS; i++) {
      // Always the youngest: the other one serves on through all of it.
      const victim = Math.max(...gateway.workers())
      killed.add(victim)
      process.kill(victim, 'SIGKILL')
      for (
        let waits = 0;
        waits < 500 && (gateway.workers().length < 2 || gateway.workers().includes(victim));
        waits++
      )
        await sleep(20)
      assert.equal(gateway.workers().length, 2, 'another took its place')
      await sleep(250)
    }
    going = false
    await Promise.all(clients)
    assert.deepEqual(tally.wrong, [])
    assert.ok(tally.answered > 50 * KILLS, `${tally.answered} answers`)
    // Each kill costs what was on its way in one worker, and no more.
    assert.ok(tally.broken <= KILLS * (KEPT + SHORT), `${tally.broken} broken`)
    await settled(() => descriptorsOf(gateway.cli.pid))
    assert.ok(descriptorsOf(gateway.cli.pid) <= before.descriptors, 'descriptors are left open')
    assert.ok(residentBytesOf(gateway.cli.pid) - before.bytes < MAX_GROWTH_BYTES, 'memory is kept')
    assert.equal((await new KeepAliveClient(gateway.url).ask('/after')).status, 200)
  })

  test('the port is open although all workers are dead, and who connects then is served when one is back', async () => {
    await using gateway = await startProcessGateway({
      configuration: CONFIGURATION,
      files: { 'echo.js': ECHO },
    })
    for (const pid of gateway.workers()) process.kill(pid, 'SIGKILL')
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => new KeepAliveClient(gateway.url).ask(`/${i}`)),
    )
    assert.deepEqual(
      answers.map(({ status, body, error }) => `${status}${error} ${body.split(' ')[1]}`),
      answers.map((_, i) => `200 /${i}`),
    )
  })
})
