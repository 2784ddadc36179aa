import { startGateway, type GatewayOptions } from '../../boot.ts'
import { untilStopped } from '../signals.ts'
import type { ExitCode, Terminal } from '../terminal.ts'

/** Serves until it is told to stop. Where it cannot start, or not go on, it ends with 1. */
export async function serveCommand(
  file: string,
  options: GatewayOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const gateway = await startGateway(file, options, terminal)
  if (gateway === undefined) return 1
  // Before anybody is told that it listens, and may tell it to stop.
  const stopped = untilStopped(gateway, terminal)
  for (const address of gateway.addresses) terminal.err(`listening on ${address}\n`)
  if (gateway.admin !== undefined) terminal.err(`admin on ${gateway.admin}\n`)
  if (gateway.workers > 1) terminal.err(`served by ${gateway.workers} workers\n`)
  return stopped
}
