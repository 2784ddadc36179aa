import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** Where third-party test vectors lie: VECTORS_DIR, or a folder beside the repository. */
export const VECTORS_DIR = process.env['VECTORS_DIR'] ?? resolve(REPOSITORY, '../shared/vectors')

/** What a test gets to read its vectors with. `file` is a path inside the part. */
export interface Vectors {
  text(file: string): string
  json(file: string): unknown
}

/**
 * A test over one part (folder) of the vectors. Where the part is absent the test is skipped and says which part it
 * misses; with CI=true it fails, so that a pipeline never passes by having lost its vectors.
 */
export function vectorTest(
  title: string,
  part: string,
  run: (vectors: Vectors, t: TestContext) => void | Promise<void>,
): void {
  const folder = join(VECTORS_DIR, part)
  if (existsSync(folder)) {
    test(title, (t) => run(readerOf(folder), t))
    return
  }
  const missing = `the test vectors \`${part}\` are missing; set VECTORS_DIR to the folder that holds them`
  if (process.env['CI'] === 'true') {
    test(title, () => {
      throw new Error(missing)
    })
  } else {
    test(title, { skip: missing })
  }
}

function readerOf(folder: string): Vectors {
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8')
  return { text, json: (file) => JSON.parse(text(file)) as unknown }
}

/** The cases of one vector file that are expected not to come out as the file says, each with the reason. */
export interface KnownFailures {
  reasonOf(id: string | number): string | undefined
}

interface KnownFailingEntry {
  readonly file: string
  readonly cases: readonly (string | number)[]
  readonly reason: string
}

export function knownFailures(file: string): KnownFailures {
  const path = join(REPOSITORY, 'test/conformance/known-failing.json')
  const entries = JSON.parse(readFileSync(path, 'utf8')) as readonly KnownFailingEntry[]
  return {
    reasonOf: (id) => entries.find((entry) => entry.file === file && entry.cases.includes(id))?.reason,
  }
}
