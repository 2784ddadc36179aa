import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { removeLeftovers } from './cache-leftovers.ts'
import { isOwn } from './own-files.ts'

/** The last good document of one source, as it is kept on disk. It holds public keys and times, nothing else. */
export interface CachedDocument {
  readonly text: string
  readonly fetchedAtMs: number
  readonly freshUntilMs: number
  /** When each key was seen first, by fingerprint. */
  readonly firstSeenMs: Readonly<Record<string, number>>
}

/** Where the last good keys outlive the process. Neither rejects: what cannot be used is told to `onProblem`. */
export interface KeyCache {
  load(source: string): Promise<CachedDocument | undefined>
  save(source: string, document: CachedDocument): Promise<void>
}

const schema = z.strictObject({
  format: z.literal(1),
  source: z.string(),
  text: z.string(),
  fetchedAtMs: z.number(),
  freshUntilMs: z.number(),
  firstSeenMs: z.record(z.string(), z.number()),
})

/**
 * Files in a folder of the gateway's own, one for each source. Whoever can write there can let anybody in: a folder or
 * file that others may write is not used. What nobody can use any more is removed once a day, when something is kept.
 */
export class FolderKeyCache implements KeyCache {
  readonly #folder: string
  readonly #onProblem: (problem: string) => void
  readonly #clock: Clock
  #nextCleaningMs = -Infinity
  /** What was told last, until a document could be kept. */
  #told: string | undefined
  /** The latest of each source that is not written yet. */
  readonly #waiting = new Map<string, CachedDocument>()
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, onProblem: (problem: string) => void, clock: Clock) {
    this.#folder = folder
    this.#onProblem = onProblem
    this.#clock = clock
  }

  async load(source: string): Promise<CachedDocument | undefined> {
    if (!(await this.#isReady())) return undefined
    try {
      const text = await this.#read(this.#pathOf(source))
      if (text === undefined) return undefined
      const read = schema.safeParse(JSON.parse(text))
      return read.success && read.data.source === source ? read.data : undefined
    } catch {
      // There is none yet, or one that was cut off: it is as if there were none.
      return undefined
    }
  }

  /** One after the other, so that what came first cannot be what stays; a disk that hangs holds one for each source. */
  save(source: string, document: CachedDocument): Promise<void> {
    const isInLine = this.#waiting.has(source)
    this.#waiting.set(source, document)
    if (!isInLine) this.#writing = this.#writing.then(() => this.#writeLatest(source))
    return this.#writing
  }

  /** Looks at the very file that is read: what has its name may be another in the next moment. */
  async #read(path: string): Promise<string | undefined> {
    const file = await open(path, READ_ITSELF)
    try {
      const stats = await file.stat()
      if (!stats.isFile() || !isOwn(stats)) {
        const why = stats.isFile() ? 'others than this user can write it' : 'it is no file'
        this.#tell(`\`${path}\` is not believed, because ${why}; the next keys that are fetched replace it`)
        return undefined
      }
      return stats.size > MAX_FILE_BYTES ? undefined : await file.readFile('utf8')
    } finally {
      await file.close()
    }
  }

  async #writeLatest(source: string): Promise<void> {
    const document = this.#waiting.get(source)
    this.#waiting.delete(source)
    if (document === undefined || !(await this.#isReady())) return
    const path = this.#pathOf(source)
    const temporary = `${path}.${randomUUID()}`
    try {
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(JSON.stringify({ format: 1, source, ...document }))
        await file.sync()
      } finally {
        await file.close()
      }
      // Whole or not at all, also where the machine stops now.
      await rename(temporary, path)
      this.#told = undefined
      await this.#clean()
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {})
      this.#tellUnwritable(cause)
    }
  }

  async #clean(): Promise<void> {
    const nowMs = this.#clock.now()
    if (nowMs < this.#nextCleaningMs) return
    this.#nextCleaningMs = nowMs + LEFTOVERS_EACH_MS
    await removeLeftovers(this.#folder, nowMs)
  }

  #pathOf(source: string): string {
    return join(this.#folder, `${source}.json`)
  }

  /** Each time anew: a folder may go, come, and change its permissions. */
  async #isReady(): Promise<boolean> {
    try {
      await makeFolder(this.#folder)
      const stats = await lstat(this.#folder)
      if (stats.isDirectory() && isOwn(stats)) return true
      this.#tell(
        stats.isDirectory()
          ? `\`${this.#folder}\` is not used, because others than this user can write it; make it this user's and mode 0700`
          : `\`${this.#folder}\` is not used, because it is a link or no folder; name a folder itself as \`keyCache\``,
      )
    } catch (cause) {
      this.#tellUnwritable(cause)
    }
    return false
  }

  #tellUnwritable(cause: unknown): void {
    const what = `keys cannot be kept in \`${this.#folder}\` (${codeOf(cause)})`
    this.#tell(`${what}; name a folder that can be written as \`keyCache\`, or \`none\``)
  }

  #tell(problem: string): void {
    if (this.#told === problem) return
    this.#told = problem
    this.#onProblem(problem)
  }
}

/** With those above it. Not by `recursive`: Node tries for ever where a file system makes no folders, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'EEXIST') return
    const parent = dirname(folder)
    if (code !== 'ENOENT' || parent === folder) throw cause
    await makeFolder(parent)
    await mkdir(folder, { mode: 0o700 }).catch((again: unknown) => {
      // Another gateway was faster.
      if (codeOf(again) !== 'EEXIST') throw again
    })
  }
}

/** Not through a link, and without waiting for who writes to a pipe. Windows has neither flag. */
const READ_ITSELF = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** Many times the largest document that may be fetched by default. */
const MAX_FILE_BYTES = 32 * 1024 * 1024
/** How often the folder is looked through for what nobody uses any more. */
const LEFTOVERS_EACH_MS = 24 * 3_600_000

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
