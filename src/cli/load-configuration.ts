import {
  formatProblems,
  readFromDisk,
  type Configuration,
  type ConfigurationEntry,
  type ConfigurationReader,
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
  /** How it is read; here, unless said otherwise. */
  readonly reader?: ConfigurationReader
}

/** Reads a configuration and prints what is wrong with it; undefined where it has errors. */
export async function loadConfiguration(
  file: string,
  { backend = [], warnings = true, onFiles, reader = readFromDisk, ...entry }: LoadOptions,
  terminal: Terminal,
): Promise<Configuration | undefined> {
  const { configuration, problems, files } = await reader(
    { ...entryOf(entry), file, backends: backend },
    terminal.environment,
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

function coloured(text: string, terminal: Terminal): string {
  if (!terminal.colour) return text
  return text
    .replaceAll(/^([^\n]{0,500}?:\d{1,9}: )error:/gm, `$1${paint(terminal, 'red', 'error:')}`)
    .replaceAll(/^([^\n]{0,500}?:\d{1,9}: )warning:/gm, `$1${paint(terminal, 'yellow', 'warning:')}`)
    .replaceAll(/^ {2}hint:/gm, `  ${paint(terminal, 'cyan', 'hint:')}`)
}
