import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { removeLeftovers } from './cache-leftovers.ts'
import { FolderKeyCache } from './key-cache.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const KEPT = `${'0123456789abcdef'.repeat(2)}.json`
const TEMPORARY = `${KEPT}.01234567-89ab-cdef-0123-456789abcdef`

/** A folder of files that were written so long ago, by name. */
function folderOf(t: TestContext, ages: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-leftovers-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, ageMs] of Object.entries(ages)) {
    writeFileSync(join(folder, name), '{}', { mode: 0o600 })
    age(join(folder, name), ageMs)
  }
  return folder
}

function age(path: string, ageMs: number): void {
  utimesSync(path, (NOW_MS - ageMs) / 1000, (NOW_MS - ageMs) / 1000)
}

async function left(folder: string): Promise<readonly string[]> {
  await removeLeftovers(folder, NOW_MS)
  return readdirSync(folder)
}

describe('what is left in a folder of kept keys', () => {
  it('goes when no configuration could use it any more: after 30 days fresh and 30 stale', async (t) => {
    assert.deepEqual(await left(folderOf(t, { [KEPT]: 60 * DAY_MS })), [KEPT])
    assert.deepEqual(await left(folderOf(t, { [KEPT]: 61 * DAY_MS })), [])
  })

  it('of a crash while it was written goes after an hour', async (t) => {
    assert.deepEqual(await left(folderOf(t, { [TEMPORARY]: HOUR_MS - 1000 })), [TEMPORARY])
    assert.deepEqual(await left(folderOf(t, { [TEMPORARY]: HOUR_MS + 1000 })), [])
  })

  it('stays where its name is none of ours, however old', async (t) => {
    const names = [
      'notes.txt',
      'keys.json',
      `${KEPT}.bak`,
      `${KEPT}.tmp`,
      `x${KEPT}`,
      KEPT.toUpperCase(),
      `${TEMPORARY}0`,
    ]
    const folder = folderOf(t, Object.fromEntries(names.map((name) => [name, 1000 * DAY_MS])))
    assert.deepEqual(new Set(await left(folder)), new Set(names))
  })

  it('stays where it is no file, or one that others could have put there', async (t) => {
    const folder = folderOf(t, { [KEPT]: 1000 * DAY_MS })
    chmodSync(join(folder, KEPT), 0o620)
    const [directory, link] = ['a', 'b'].map((digit) => `${digit.repeat(32)}.json`) as [string, string]
    mkdirSync(join(folder, directory))
    age(join(folder, directory), 1000 * DAY_MS)
    symlinkSync('/etc/hostname', join(folder, link))
    lutimesSync(join(folder, link), 0, 0)
    assert.equal((await left(folder)).length, 3)
  })

  it(
    'stays where it is a file of another user',
    { skip: process.getuid?.() === 0 ? false : 'only root gives files away' },
    async (t) => {
      const folder = folderOf(t, { [KEPT]: 1000 * DAY_MS })
      chownSync(join(folder, KEPT), 65_534, 65_534)
      assert.deepEqual(await left(folder), [KEPT])
    },
  )

  it('is no matter where there is no folder', async () => {
    await removeLeftovers('/nowhere/at/all', NOW_MS)
  })

  it('goes when keys are kept, and from then on once a day', async (t) => {
    const folder = folderOf(t, { [TEMPORARY]: DAY_MS })
    const clock = { nowMs: NOW_MS, now: () => clock.nowMs }
    const cache = new FolderKeyCache(folder, assert.fail, clock)
    const source = 'c'.repeat(32)
    const keep = async (): Promise<readonly string[]> => {
      await cache.save(source, { text: '{"keys":[]}', fetchedAtMs: 0, freshUntilMs: 0, firstSeenMs: {} })
      return readdirSync(folder)
    }
    assert.deepEqual(await keep(), [`${source}.json`])
    writeFileSync(join(folder, TEMPORARY), '')
    age(join(folder, TEMPORARY), DAY_MS)
    clock.nowMs += DAY_MS - 1
    assert.equal((await keep()).length, 2)
    clock.nowMs += 1
    assert.deepEqual(await keep(), [`${source}.json`])
  })
})
