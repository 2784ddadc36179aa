import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something has come about, for 10 seconds at most. */
export async function until(met: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !met(); i++) await sleep(5)
  assert.ok(met(), 'it did not come about in time')
}

/** Waits until a growing number stands still, and gives it. */
export async function settled(read: () => number): Promise<number> {
  for (let last = -1; ; last = read()) {
    await sleep(150)
    if (read() === last && last > 0) return last
  }
}
