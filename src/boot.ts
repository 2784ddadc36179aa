import { destination } from 'pino'
import { loadConfiguration, type ConfigurationOptions } from './cli/load-configuration.ts'
import { printError, type Terminal } from './cli/terminal.ts'
import { FileWatch, type Configuration } from './config/index.ts'
import { Fault } from './errors/fault.ts'
import { startServer, type Server } from './gateway/server.ts'
import { systemClock } from './kernel/clock.ts'
import { jsonAccessLog } from './telemetry/access-log.ts'
import { jsonLog, type Log } from './telemetry/log.ts'

/** A gateway that serves, with its configuration watched. */
export interface RunningGateway {
  readonly addresses: readonly string[]
  /** Reads the configuration again; where it has errors, the last good one serves on. */
  reload(): Promise<void>
  stop(): Promise<void>
  kill(): void
}

/**
 * The composition root: configuration, telemetry, data plane. Undefined where the configuration has errors or an
 * address cannot be listened on; everything that is wrong was printed then, and nothing runs.
 */
export async function startGateway(
  file: string,
  options: ConfigurationOptions,
  terminal: Terminal,
): Promise<RunningGateway | undefined> {
  const configuration = await loadConfiguration(file, options, terminal)
  if (configuration === undefined) return undefined
  const out = destination({ dest: 1, sync: false })
  // Whoever read the log may hang up (`serve | head`); requests are served on.
  out.on('error', () => {})
  const { level, access } = configuration.server.log
  const log = jsonLog(level, out)
  const accessLog = access && level !== 'silent' ? jsonAccessLog(out) : undefined
  try {
    const server = await startServer(configuration, { clock: systemClock, log, accessLog })
    return new WatchedGateway(server, configuration, {
      log,
      terminal,
      load: (onFiles) => loadConfiguration(file, { ...options, onFiles }, terminal),
      flush: () => flush(out),
    })
  } catch (cause) {
    const { message, hint } = startFailure(cause)
    printError(terminal, message, hint)
    return undefined
  }
}

/** Writes out what is still held back; a reader that is gone gets nothing. */
function flush(out: { flushSync(): void }): void {
  try {
    out.flushSync()
  } catch {
    // The log is where this would be told.
  }
}

interface Surroundings {
  readonly log: Log
  readonly terminal: Terminal
  readonly load: (onFiles: (files: readonly string[]) => void) => Promise<Configuration | undefined>
  readonly flush: () => void
}

class WatchedGateway implements RunningGateway {
  readonly addresses: readonly string[]
  readonly #server: Server
  readonly #surroundings: Surroundings
  readonly #watch: FileWatch
  /** Reloads run one after the other, so that an older file never replaces a newer one. */
  #last: Promise<void> = Promise.resolve()

  constructor(server: Server, first: Configuration, surroundings: Surroundings) {
    this.#server = server
    this.addresses = server.addresses
    this.#surroundings = surroundings
    this.#watch = new FileWatch(() => void this.reload())
    this.#watch.watch(first.files)
  }

  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reloadNow())
    return this.#last
  }

  async stop(): Promise<void> {
    this.#watch.close()
    await this.#last
    await this.#server.drain()
    this.#surroundings.flush()
  }

  kill(): void {
    this.#server.kill()
    this.#surroundings.flush()
  }

  /** Says on the terminal what came of it, too: whoever saved the file looks there, and not into the log. */
  async #reloadNow(): Promise<void> {
    const { log, terminal, load } = this.#surroundings
    // Also those of a configuration with errors: the file that is missing now may come.
    const next = await load((files) => this.#watch.watch(files))
    if (next === undefined) {
      log.error('the configuration has errors; the last good one serves on')
      terminal.err('the last good configuration serves on\n')
      return
    }
    try {
      const restart = await this.#server.publish(next)
      const but = restart
        ? ', except for listeners, limits, timeouts, log and engine: those need a restart'
        : ''
      log.info(`the configuration was reloaded${but}`)
      terminal.err(`the configuration was reloaded${but}\n`)
    } catch (cause) {
      const { message, hint } = startFailure(cause)
      log.error('the configuration could not be published; the last good one serves on', { error: message })
      printError(terminal, message, hint)
      terminal.err('the last good configuration serves on\n')
    }
  }
}

/** A Fault says what is wrong; everything else is a bug, of which the text is all that there is to say. */
function startFailure(cause: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (cause instanceof Fault) return { message: cause.message, hint: cause.hint }
  return { message: cause instanceof Error ? cause.message : String(cause), hint: undefined }
}
