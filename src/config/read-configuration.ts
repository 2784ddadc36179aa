import type { Problem } from '../errors/problem.ts'
import { NameBook } from '../dialects/compiled.ts'
import { readDocuments } from '../dialects/document.ts'
import type { Environment } from '../dialects/native/index.ts'
import { SourceNode } from '../dialects/source-node.ts'
import { checkConflicts, checkUse } from './check-plan.ts'
import { checkTokenPlaces } from './check-token-places.ts'
import type { Configuration } from './configuration.ts'
import { detectDialect } from './detect-dialect.ts'
import { FileAccess } from './file-access.ts'
import { readForeign } from './read-foreign.ts'
import { readNativeParts } from './read-native.ts'
import type { Draft } from './draft.ts'

/** What to read, and what the command line adds to it. */
export interface ConfigurationEntry {
  /** Absolute, or relative to the working directory; problems name it as it is given. */
  readonly file: string
  /**
   * Where the requests of a configuration of another dialect go: a URL or a module file for all functions, or
   * `function=url` for one. A native configuration has its own backends.
   */
  readonly backends?: readonly string[]
  /** Where to listen, such as `127.0.0.1:8080`, for a configuration that does not say. */
  readonly listen?: string
  /** For policies of a service mesh: namespace and labels of the one backend and of the gateway, `foo/app=httpbin`. */
  readonly workload?: string
  readonly gatewayWorkload?: string
}

/** The outside world, as arguments. */
export interface ConfigurationIo {
  /** Rejects with the system's error where the file cannot be read. */
  readonly readFile: (path: string) => Promise<string>
  /** The names of the files in a folder; undefined for what is none. No folders are read where it is left out. */
  readonly readFolder?: (path: string) => Promise<readonly string[] | undefined>
  /** For `${NAME}` in a native configuration; none where it is left out. */
  readonly environment?: Environment
}

/** Without errors there is a configuration; warnings may stand beside it. */
export interface ConfigurationReading {
  readonly configuration: Configuration | undefined
  /** By file and line, each once. */
  readonly problems: readonly Problem[]
  /** Absolute paths of all files that were tried, also where one is missing: a change of any may mend it. */
  readonly files: readonly string[]
}

/**
 * Reads a configuration with everything that it refers to, in whichever dialect it is written, and reports all that is
 * wrong or weak in one run. Never throws, and no problem holds key material.
 */
export async function readConfiguration(
  entry: ConfigurationEntry,
  io: ConfigurationIo,
): Promise<ConfigurationReading> {
  const problems: Problem[] = []
  const access = new FileAccess(io)
  const draft = await readEntry(entry, access, io.environment ?? {}, problems)
  if (draft !== undefined) {
    const { compiled, checkpoints } = draft
    problems.push(...checkConflicts(compiled), ...checkTokenPlaces(compiled, checkpoints))
  }
  if (draft === undefined || hasErrors(problems))
    return { configuration: undefined, problems: inOrder(entry.file, problems), files: access.files }
  problems.push(...checkUse(draft.compiled))
  if (draft.compiled.routes.length === 0) {
    const hint = 'write a route with a path and a backend under `routes`'
    problems.push({
      severity: 'warning',
      file: entry.file,
      line: 1,
      message: 'there are no routes: every request is answered with 404',
      hint,
    })
  }
  const { files } = access
  const found = inOrder(entry.file, problems)
  if (hasErrors(found)) return { configuration: undefined, problems: found, files }
  const { backends, authentications, guards, routes } = draft.compiled
  const { http, checkpoints } = draft
  const plan = {
    http,
    backends,
    authentications,
    guards,
    routes: routes.map(({ spec }) => spec),
    checkpoints,
  }
  return {
    configuration: { server: draft.server, plan, warnings: found.length, files },
    problems: found,
    files,
  }
}

async function readEntry(
  entry: ConfigurationEntry,
  access: FileAccess,
  environment: Environment,
  problems: Problem[],
): Promise<Draft | undefined> {
  const refuse = (message: string, hint?: string): undefined => {
    problems.push({
      severity: 'error',
      file: entry.file,
      line: 1,
      message,
      ...(hint === undefined ? {} : { hint }),
    })
  }
  const files = await access.readPaths(entry.file)
  if ('failed' in files) return refuse(files.failed)
  const documents = files.flatMap(({ file, text }) =>
    readDocuments(file, text, problems).map((document) => SourceNode.root(document)),
  )
  const [first] = documents
  if (first === undefined) return hasErrors(problems) ? undefined : refuse('the file is empty')
  const dialect = detectDialect(first)
  if (!dialect.ok) return refuse(dialect.error.message, dialect.error.hint)
  if (files.length > 1 && dialect.value !== 'istio')
    return refuse('only resources of a service mesh are read from a folder', 'name the one file')
  if (dialect.value !== 'native') return readForeign(dialect.value, documents, entry, access)
  if (documents.length > 1) return refuse('a native configuration is one document', 'leave `---` out')
  warnOfUnused(entry, first)
  return readNativeParts(first, entry.listen, access, environment, new NameBook())
}

/** What the command line says and the file says already. */
function warnOfUnused({ backends = [], listen }: ConfigurationEntry, root: SourceNode): void {
  if (backends.length > 0)
    root.warning('`--backend` is not used', 'a native configuration has its own `backends`')
  const listeners = root.find('listeners')
  if (listen !== undefined) listeners?.warning('`--listen` is not used', 'the file says where to listen')
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

/** The file itself first, then those that it names; by line in each. What is said twice of one line is said once. */
function inOrder(entry: string, problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
  const files = [...new Set([entry, ...problems.map(({ file }) => file)])]
  return [...once.values()].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
}
