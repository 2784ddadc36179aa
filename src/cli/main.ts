import { text as readAll } from 'node:stream/consumers'
import { CommanderError } from 'commander'
import { createProgram } from './program.ts'
import { printError, type ExitCode, type Terminal } from './terminal.ts'
import { version } from './version.ts'

/** Runs one command of the command line and sets the exit code of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal()
  try {
    await createProgram({ terminal, version: version(), end }).parseAsync([...argv])
  } catch (cause) {
    end(failureCode(cause, terminal))
  }
}

/** A function that runs in this process may have left timers or sockets: they must not keep it alive. */
const LEFTOVERS_MS = 500

function end(code: ExitCode): void {
  process.exitCode = code
  setTimeout(() => process.exit(), LEFTOVERS_MS).unref()
}

function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  // `claimgate schema | head` hangs up early; there is nobody left to tell.
  for (const stream of [stdout, stderr]) stream.on('error', () => process.exit())
  // oxlint-disable-next-line node/no-process-env -- the command line is where the environment is read
  const environment = process.env
  const isPlain = (environment['NO_COLOR'] ?? '') !== ''
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    input: () => {
      if (stdin.isTTY) stderr.write('reading from the terminal; end with Ctrl-D on a line of its own\n')
      return readAll(stdin)
    },
    // One answer for both streams: with colours in a file, nobody is helped.
    colour: stdout.isTTY && stderr.isTTY && !isPlain,
    environment,
  }
}

function failureCode(cause: unknown, terminal: Terminal): ExitCode {
  // Commander has printed its own message; help and version are no failures.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2
  printError(
    terminal,
    cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
    'this is a bug of claimgate; please report it',
  )
  return 70
}
