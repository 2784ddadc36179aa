import { startGateway } from '../../boot.ts'
import type { ConfigurationOptions } from '../load-configuration.ts'
import { untilStopped } from '../signals.ts'
import type { ExitCode, Terminal } from '../terminal.ts'

/** Serves until it is told to stop. A configuration with errors starts nothing and ends with 1. */
export async function serveCommand(
  file: string,
  options: ConfigurationOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const gateway = await startGateway(file, options, terminal)
  if (gateway === undefined) return 1
  for (const address of gateway.addresses) terminal.err(`listening on ${address}\n`)
  await untilStopped(gateway, terminal)
  return 0
}
