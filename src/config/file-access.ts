import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { FileReader, ReadFile } from '../dialects/compiled.ts'
import type { ConfigurationIo } from './read-configuration.ts'

/** Reads the files of one configuration and remembers which: those are the ones to watch. */
export class FileAccess implements FileReader {
  readonly #readFile: (path: string) => Promise<string>
  readonly #readFolder: (path: string) => Promise<readonly string[] | undefined>
  readonly #files = new Set<string>()

  constructor({ readFile, readFolder }: ConfigurationIo) {
    this.#readFile = readFile
    this.#readFolder = readFolder ?? (() => Promise.resolve(undefined))
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

  /** The file, or of a folder all files that hold YAML or JSON, without those of folders in it; in the order of their names. */
  async readAll(from: string, reference: string): Promise<readonly ReadFile[] | { readonly failed: string }> {
    if (isText(reference)) return { failed: 'this is no path of a file or folder' }
    return this.readPaths(isAbsolute(reference) ? reference : join(dirname(from), reference))
  }

  async readPaths(path: string): Promise<readonly ReadFile[] | { readonly failed: string }> {
    const names = await this.#readFolder(path)
    if (names === undefined) {
      const file = await this.readPath(path)
      return 'failed' in file ? file : [file]
    }
    // A file that is put in changes the folder.
    this.#files.add(resolve(path))
    const files: ReadFile[] = []
    for (const name of names.filter((each) => /\.(?:ya?ml|json)$/i.test(each)).toSorted()) {
      const file = await this.readPath(join(path, name))
      if ('failed' in file) return file
      files.push(file)
    }
    return files.length > 0 ? files : { failed: `the folder \`${path}\` has no files of YAML or JSON` }
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
