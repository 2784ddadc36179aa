import { randomUUID } from 'node:crypto'
import { lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

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
 * file that others may write is not used.
 */
export class FolderKeyCache implements KeyCache {
  readonly #folder: string
  readonly #onProblem: (problem: string) => void
  #ready: Promise<boolean> | undefined
  #told = false

  constructor(folder: string, onProblem: (problem: string) => void) {
    this.#folder = folder
    this.#onProblem = onProblem
  }

  async load(source: string): Promise<CachedDocument | undefined> {
    if (!(await this.#isReady())) return undefined
    const path = this.#pathOf(source)
    try {
      const stats = await lstat(path)
      if (!stats.isFile() || !isOwn(stats)) {
        this.#tell(`\`${path}\` is not believed, because others than this user can write it`)
        return undefined
      }
      if (stats.size > MAX_FILE_BYTES) return undefined
      const read = schema.safeParse(JSON.parse(await readFile(path, 'utf8')))
      return read.success && read.data.source === source ? read.data : undefined
    } catch {
      // There is none yet, or one that was cut off: it is as if there were none.
      return undefined
    }
  }

  async save(source: string, document: CachedDocument): Promise<void> {
    if (!(await this.#isReady())) return
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
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {})
      this.#tell(`keys cannot be kept in \`${this.#folder}\` (${codeOf(cause)})`)
    }
  }

  #pathOf(source: string): string {
    return join(this.#folder, `${source}.json`)
  }

  #isReady(): Promise<boolean> {
    this.#ready ??= this.#prepare()
    return this.#ready
  }

  async #prepare(): Promise<boolean> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const stats = await lstat(this.#folder)
      if (stats.isDirectory() && isOwn(stats)) return true
      this.#tell(`\`${this.#folder}\` is not used, because others than this user can write it`)
    } catch (cause) {
      this.#tell(`keys cannot be kept in \`${this.#folder}\` (${codeOf(cause)})`)
    }
    return false
  }

  #tell(problem: string): void {
    if (this.#told) return
    this.#told = true
    this.#onProblem(problem)
  }
}

/** Many times the largest document that may be fetched by default. */
const MAX_FILE_BYTES = 32 * 1024 * 1024
const OTHERS_WRITE = 0o022

/** Windows has neither: there the folder's own permissions are the user's matter. */
function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  const user = process.getuid?.()
  return user === undefined || (uid === user && (mode & OTHERS_WRITE) === 0)
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
