import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfiguration, type ConfigurationOptions } from './cli/load-configuration.ts'
import { printError, type Terminal } from './cli/terminal.ts'
import { version } from './cli/version.ts'
import { FileWatch, readApart, type Configuration } from './config/index.ts'
import { Fault } from './errors/fault.ts'
import { startKeyFetcher } from './key-supply.ts'
import { KeyMetrics, storeFedBy, type KeyFetcher } from './keys/index.ts'
import { keySourcesOf } from './plan/key-sources.ts'
import { AdminServer } from './gateway/admin/admin-server.ts'
import { jsonPage, metricsPage, type Pages } from './gateway/admin/pages.ts'
import { startServer, type Server } from './gateway/server.ts'
import { startWorkers } from './gateway/workers/start-workers.ts'
import { systemClock } from './kernel/clock.ts'
import { jsonAccessLog } from './telemetry/access-log.ts'
import { jsonLog, type Log } from './telemetry/log.ts'
import {
  combine,
  ProcessMetrics,
  ReloadMetrics,
  snapshotOf,
  type Collector,
} from './telemetry/metrics/index.ts'
import { standardOutput } from './telemetry/output.ts'

export interface GatewayOptions extends ConfigurationOptions {
  /** How many processes serve, in the place of what the configuration says. */
  readonly workers?: number | 'auto'
}

/** A gateway that serves, with its configuration watched. */
export interface RunningGateway {
  readonly addresses: readonly string[]
  /** `http://127.0.0.1:9901`; undefined where none is configured. */
  readonly admin: string | undefined
  /** How many processes serve. */
  readonly workers: number
  /** Resolves with what was wrong where the gateway could not go on; everything has ended then. */
  readonly gaveUp: Promise<Fault>
  /** Reads the configuration again; where it has errors, the last good one serves on. */
  reload(): Promise<void>
  /** Fetches all keys again that are fetched, within what tokens may ask for. */
  refetchKeys(): void
  stop(): Promise<void>
  kill(): void
}

/**
 * The composition root: configuration, telemetry, data plane. Undefined where the configuration has errors or an
 * address cannot be listened on; everything that is wrong was printed then, and nothing runs.
 */
export async function startGateway(
  file: string,
  options: GatewayOptions,
  terminal: Terminal,
): Promise<RunningGateway | undefined> {
  const load = async (onFiles?: (files: readonly string[]) => void): Promise<Configuration | undefined> => {
    const read = await loadConfiguration(
      file,
      // Whoever is served already must not wait for it.
      onFiles === undefined ? options : { ...options, onFiles, reader: readApart },
      terminal,
    )
    if (read === undefined || options.workers === undefined) return read
    return { ...read, server: { ...read.server, workers: options.workers } }
  }
  const configuration = await load()
  if (configuration === undefined) return undefined
  const { log: logging, workers: wanted } = configuration.server
  const workers = wanted === 'auto' ? availableParallelism() : wanted
  const out = standardOutput({ shared: workers > 1 })
  const { level, access } = logging
  const log = jsonLog(level, out)
  const gaveUp = Promise.withResolvers<Fault>()
  const fetcher = startKeyFetcher(configuration, log, terminal.environment)
  // Before anything listens, and without waiting for it.
  fetcher.add(keySourcesOf(configuration.plan))
  const reloads = new ReloadMetrics(systemClock)
  let admin: AdminServer | undefined
  try {
    admin = configuration.server.admin && (await AdminServer.open(configuration.server.admin, log))
    const server =
      workers === 1
        ? await startServer(configuration, {
            clock: systemClock,
            log,
            accessLog: access && level !== 'silent' ? jsonAccessLog(out) : undefined,
            keys: storeFedBy(fetcher),
          })
        : await startWorkers(configuration, {
            clock: systemClock,
            log,
            workers,
            module: WORKER_MODULE,
            keys: fetcher,
            onGivingUp: (fault) => {
              void fetcher.close()
              admin?.close()
              gaveUp.resolve(fault)
            },
          })
    const collectors = [reloads, new ProcessMetrics(), buildInfo(configuration), new KeyMetrics(fetcher)]
    admin?.serve(adminPages(server, workers, fetcher, collectors))
    const surroundings = {
      workers,
      gaveUp: gaveUp.promise,
      log,
      terminal,
      fetcher,
      admin,
      reloads,
      load,
      flush: () => out.flush(),
    }
    return new WatchedGateway(server, configuration, surroundings)
  } catch (cause) {
    void fetcher.close()
    admin?.close()
    out.flush()
    const { message, hint } = startFailure(cause)
    printError(terminal, message, hint)
    return undefined
  }
}

/** Beside this file, and like it TypeScript or built. */
const WORKER_MODULE = fileURLToPath(new URL(`./boot-worker${extname(import.meta.url)}`, import.meta.url))

/** The pages of the admin address. `collectors` are those of this process, beside what the server tells. */
function adminPages(
  server: Server,
  workers: number,
  fetcher: KeyFetcher,
  collectors: readonly Collector[],
): Pages {
  const worker = workers > 1 ? 'primary' : undefined
  const measure = metricsPage(async () =>
    combine([{ snapshot: await server.measure() }, { snapshot: snapshotOf(collectors), worker }]),
  )
  return new Map([
    ['/metrics', measure],
    ['/keys', jsonPage(() => fetcher.states())],
  ])
}

function buildInfo({ server: { engine } }: Configuration): Collector {
  const labels = [version(), process.versions.node, engine] as const
  return { collect: (out) => out.value('claimgate_build_info', labels, 1) }
}

interface Surroundings {
  readonly workers: number
  readonly gaveUp: Promise<Fault>
  readonly log: Log
  readonly terminal: Terminal
  readonly fetcher: KeyFetcher
  readonly admin: AdminServer | undefined
  readonly reloads: ReloadMetrics
  readonly load: (onFiles: (files: readonly string[]) => void) => Promise<Configuration | undefined>
  readonly flush: () => void
}

class WatchedGateway implements RunningGateway {
  readonly addresses: readonly string[]
  readonly admin: string | undefined
  readonly workers: number
  readonly gaveUp: Promise<Fault>
  readonly #server: Server
  readonly #surroundings: Surroundings
  readonly #watch: FileWatch
  #published: Configuration
  /** Reloads run one after the other, so that an older file never replaces a newer one. */
  #last: Promise<void> = Promise.resolve()
  /** The one that has not begun: it will read what there is by then, so that nobody needs another. */
  #waiting: Promise<void> | undefined
  #stopping = false

  constructor(server: Server, first: Configuration, surroundings: Surroundings) {
    this.#server = server
    this.#published = first
    this.addresses = server.addresses
    this.admin = surroundings.admin?.address
    this.workers = surroundings.workers
    this.gaveUp = surroundings.gaveUp
    this.#surroundings = surroundings
    this.#watch = new FileWatch(() => void this.reload())
    this.#watch.watch(first.files)
  }

  reload(): Promise<void> {
    this.#waiting ??= this.#last = this.#last.then(() => {
      this.#waiting = undefined
      return this.#reloadNow()
    })
    return this.#waiting
  }

  refetchKeys(): void {
    this.#surroundings.fetcher.askAll()
  }

  async stop(): Promise<void> {
    const { admin, fetcher, flush } = this.#surroundings
    this.#stopping = true
    admin?.drain()
    this.#watch.close()
    // Not after a reload that is under way: a worker that stands still may hold it up for longer than anybody waits.
    await this.#server.drain()
    await fetcher.close()
    admin?.close()
    flush()
  }

  kill(): void {
    this.#stopping = true
    this.#server.kill()
    void this.#surroundings.fetcher.close()
    this.#surroundings.admin?.close()
    this.#surroundings.flush()
  }

  /** Says on the terminal what came of it, too: whoever saved the file looks there, and not into the log. */
  async #reloadNow(): Promise<void> {
    if (this.#stopping) return
    const { log, terminal, load, fetcher, reloads } = this.#surroundings
    try {
      // Also those of a configuration with errors: the file that is missing now may come.
      const next = await load((files) => this.#watch.watch(files))
      if (this.#stopping) return
      if (next === undefined) {
        reloads.failed()
        log.error('the configuration has errors; the last good one serves on')
        terminal.err('the last good configuration serves on\n')
        return
      }
      // Those that are new have a moment for their first keys before tokens need them.
      fetcher.add(keySourcesOf(next.plan))
      const restart = await this.#server.publish(next)
      if (this.#stopping) return
      this.#published = next
      reloads.succeeded()
      const but = restart
        ? ', except for listeners, admin, limits, timeouts, log, engine, workers and keyCache: those need a restart'
        : ''
      log.info(`the configuration was reloaded${but}`)
      terminal.err(`the configuration was reloaded${but}\n`)
    } catch (cause) {
      if (this.#stopping) return
      reloads.failed()
      const { message, hint } = startFailure(cause)
      log.error('the configuration could not be reloaded; the last good one serves on', { error: message })
      printError(terminal, message, hint)
      terminal.err('the last good configuration serves on\n')
    } finally {
      fetcher.keepOnly(keySourcesOf(this.#published.plan))
    }
  }
}

/** A Fault says what is wrong; everything else is a bug, of which the text is all that there is to say. */
function startFailure(cause: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (cause instanceof Fault) return { message: cause.message, hint: cause.hint }
  return { message: cause instanceof Error ? cause.message : String(cause), hint: undefined }
}
