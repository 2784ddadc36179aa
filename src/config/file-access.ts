import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { FileReader, ReadFile } from '../dialects/compiled.ts'

/** Reads the files of one configuration and remembers which: those are the ones to watch. */
export class FileAccess implements FileReader {
  readonly #readFile: (path: string) => Promise<string>
  readonly #files = new Set<string>()

  constructor(readFile: (path: string) => Promise<string>) {
    this.#readFile = readFile
  }

  /** Absolute paths, in the order of reading. */
  get files(): readonly string[] {
    return [...this.#files]
  }

  async read(from: string, reference: string): Promise<ReadFile | { readonly failed: string }> {
    if (isText(reference))
      return { failed: 'this is no path of a file; the text of a key is written as `pem` or `jwks`' }
    return this.readPath(isAbsolute(reference) ? reference : join(dirname(from), reference))
  }

  /** `file` is relative to the working directory. */
  async readPath(file: string): Promise<ReadFile | { readonly failed: string }> {
    // A file that is missing now is watched too: it may be on its way.
    this.#files.add(resolve(file))
    try {
      return { file, text: await this.#readFile(file) }
    } catch (cause) {
      return { failed: `\`${file}\` cannot be read: ${reason(cause)}` }
    }
  }
}

/** A key that stands where its file belongs must not be repeated in a message. */
function isText(reference: string): boolean {
  return reference.length > 1024 || /[\n\r{}\0]|-----BEGIN/.test(reference)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'its permissions forbid it',
  EPERM: 'its permissions forbid it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ERR_STRING_TOO_LONG: 'it is too large',
  ERR_FS_FILE_TOO_LARGE: 'it is too large',
}

/** The system's own words repeat the path and name the system call. */
function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return REASONS[code] ?? (code === '' ? 'the system refused it' : `the system refused it (${code})`)
}
