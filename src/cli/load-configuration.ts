import { readdir, readFile } from 'node:fs/promises'
import {
  formatProblems,
  readConfiguration,
  type Configuration,
  type ConfigurationEntry,
} from '../config/index.ts'
import { paint, printError, type Terminal } from './terminal.ts'

/** How a configuration of another dialect is completed from the command line. */
export interface ConfigurationOptions {
  /** `url`, or `function=url` where a function has a backend of its own. */
  readonly backend?: readonly string[]
  readonly listen?: string
  readonly workload?: string
  readonly gatewayWorkload?: string
}

export interface LoadOptions extends ConfigurationOptions {
  /** Whether warnings are printed too; errors always are. */
  readonly warnings?: boolean
  /** Told which files were tried, also where that failed: a change of any may mend it. */
  readonly onFiles?: (files: readonly string[]) => void
}

/** Reads a configuration and prints what is wrong with it; undefined where it has errors. */
export async function loadConfiguration(
  file: string,
  { backend = [], warnings = true, onFiles, ...entry }: LoadOptions,
  terminal: Terminal,
): Promise<Configuration | undefined> {
  const { configuration, problems, files } = await readConfiguration(
    { ...entryOf(entry), file, backends: backend },
    {
      readFile: (path) => readFile(path, 'utf8'),
      readFolder,
      environment: terminal.environment,
    },
  )
  onFiles?.(files)
  const errors = problems.filter((problem) => problem.severity === 'error')
  const printed = warnings ? problems : errors
  if (printed.length > 0) terminal.err(coloured(formatProblems(printed), terminal))
  if (configuration === undefined) {
    const count = `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`
    printError(terminal, `${count} in ${paint(terminal, 'bold', file)}`)
  }
  return configuration
}

function entryOf({
  listen,
  workload,
  gatewayWorkload,
}: ConfigurationOptions): Omit<ConfigurationEntry, 'file'> {
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(workload === undefined ? {} : { workload }),
    ...(gatewayWorkload === undefined ? {} : { gatewayWorkload }),
  }
}

/** The files in a folder; undefined for what is none, or cannot be looked into: reading it as a file says why. */
async function readFolder(path: string): Promise<readonly string[] | undefined> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch {
    return undefined
  }
}

function coloured(text: string, terminal: Terminal): string {
  if (!terminal.colour) return text
  return text
    .replaceAll(/^([^\n]{0,500}?:\d{1,9}: )error:/gm, `$1${paint(terminal, 'red', 'error:')}`)
    .replaceAll(/^([^\n]{0,500}?:\d{1,9}: )warning:/gm, `$1${paint(terminal, 'yellow', 'warning:')}`)
    .replaceAll(/^ {2}hint:/gm, `  ${paint(terminal, 'cyan', 'hint:')}`)
}
