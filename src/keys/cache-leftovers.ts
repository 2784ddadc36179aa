import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwn } from './own-files.ts'
import { LONGEST_FRESH_MS, LONGEST_STALE_MS } from './spec.ts'

const HOUR_MS = 3_600_000

/**
 * Removes from a folder of kept keys what nobody can use any more. Several gateways may share the folder, so what this one
 * does not know may be another's: time alone tells. Files that are not named as ours, of others, or no files are
 * let be. Never rejects: what cannot be removed is there still, and does no harm.
 */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const leftAfterMs = leftAfterMsOf(name)
    if (leftAfterMs === undefined) continue
    const path = join(folder, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined || !stats.isFile() || !isOwn(stats)) continue
    if (nowMs - stats.mtimeMs > leftAfterMs) await rm(path, { force: true }).catch(() => {})
  }
}

/** So long after it was written, a file of this name is nobody's any more; undefined for one that is not ours. */
function leftAfterMsOf(name: string): number | undefined {
  if (KEPT.test(name)) return UNUSABLE_MS
  return TEMPORARY.test(name) ? WRITTEN_MS : undefined
}

/** The names that `FolderKeyCache` gives: of a source, and of a file that is being written for one. */
const KEPT = /^[0-9a-f]{32}\.json$/
const TEMPORARY = /^[0-9a-f]{32}\.json\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** No configuration can have keys serve for longer after they were fetched, which is when they were written. */
const UNUSABLE_MS = LONGEST_FRESH_MS + LONGEST_STALE_MS + HOUR_MS
/** Whoever writes for longer has crashed. */
const WRITTEN_MS = HOUR_MS
