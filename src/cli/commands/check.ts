import type { Configuration } from '../../config/index.ts'
import { openCacheFolder } from '../../key-supply.ts'
import { keySourcesOf } from '../../plan/key-sources.ts'
import { loadConfiguration, type ConfigurationOptions } from '../load-configuration.ts'
import { summaryTable } from '../summary-table.ts'
import { paint, printable, printWarning, type ExitCode, type Terminal } from '../terminal.ts'

export interface CheckOptions extends ConfigurationOptions {
  readonly plan?: boolean
}

/** Reads a configuration, reports all that is wrong or weak in it, and starts nothing. Exit 1 where it has errors. */
export async function checkCommand(
  file: string,
  options: CheckOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const configuration = await loadConfiguration(file, options, terminal)
  if (configuration === undefined) return 1
  const warnings = configuration.warnings + (await warnOfCacheFolder(configuration, terminal))
  if (options.plan === true) terminal.out(`${JSON.stringify(configuration.plan, withoutKeyObjects, 2)}\n`)
  else {
    terminal.out(`${verdict(warnings, terminal)} ${file} (${counts(configuration)})\n`)
    terminal.out(`\n${summaryTable(configuration.plan)}`)
  }
  return 0
}

/** How many warnings there were. Whoever can write the folder could let anybody in, so the gateway would keep no keys. */
async function warnOfCacheFolder(configuration: Configuration, terminal: Terminal): Promise<number> {
  if (keySourcesOf(configuration.plan).length === 0) return 0
  const open = await openCacheFolder(configuration, terminal.environment)
  if (open === undefined) return 0
  const folder = printable(open)
  printWarning(
    terminal,
    `others than its owner can write \`${folder}\`, so no keys are kept there: the next start needs the key server`,
    `\`chmod 700 ${folder}\`, or name another folder as \`keyCache\``,
  )
  return 1
}

/** Warnings were printed; what may let anybody in is not to be called fine right below. */
function verdict(warnings: number, terminal: Terminal): string {
  if (warnings === 0) return paint(terminal, 'green', 'fine:')
  return paint(terminal, 'yellow', `no errors, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}:`)
}

function counts({ plan, server }: Configuration): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
  return [
    count(server.listeners.length, 'listener'),
    count(plan.routes.length, 'route'),
    count(plan.authentications.length, 'authentication'),
    count(plan.guards.length, 'global rule'),
    count(plan.backends.length, 'backend'),
  ].join(', ')
}

/**
 * A key is exported by its public members; the runtime's own object says nothing to a reader, and a private key of the
 * gateway's own (the text beside a client certificate) is nobody's to read.
 */
function withoutKeyObjects(name: string, value: unknown): unknown {
  if (name === 'keyObject') return undefined
  const isPrivate = name === 'key' && typeof value === 'string' && value.includes('PRIVATE KEY-----')
  return isPrivate ? undefined : value
}
