import { toPortable, type Configuration, type PortableConfiguration } from '../../config/index.ts'
import { Fault } from '../../errors/fault.ts'
import type { KeyFetcher, KeyUse } from '../../keys/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../telemetry/log.ts'
import type { MetricsSnapshot } from '../../telemetry/metrics/index.ts'
import { needsRestart } from '../needs-restart.ts'
import type { Server } from '../server.ts'
import { Front } from './front.ts'
import { HandOut } from './hand-out.ts'
import type { Trouble } from './messages.ts'
import { RestartBudget } from './restart-budget.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import { WorkerProcess, type WorkerEvents } from './worker-process.ts'

export interface WorkersSettings {
  readonly clock: Clock
  readonly log: Log
  /** At least two. */
  readonly workers: number
  /** The file that a worker runs. */
  readonly module: string
  /** The one that fetches keys for all. */
  readonly keys: Pick<KeyFetcher, 'allNews' | 'ask' | 'listen' | 'used'>
  /** Told once that the gateway cannot go on; everything has ended then. */
  readonly onGivingUp: (fault: Fault) => void
}

/**
 * The data plane over several processes, with the face of one. Resolves when every worker serves and every address is
 * open; where that cannot be, everything is ended and a Fault is thrown.
 */
export async function startWorkers(first: Configuration, settings: WorkersSettings): Promise<Server> {
  const workers = new Workers(first, settings)
  await workers.open()
  return workers
}

/** A worker that served for so long shows that the configuration can be served: whatever ends later is replaced, always. */
const STEADY_MS = 5000
/** Before one was steady, so many more ends than there are workers are not by chance. */
const TOLERATED_ENDS = 8
const TICK_MS = 1000
/** A worker drains by its own clock; one that is later than this stands still. */
const DRAIN_GRACE_MS = 2000
/** To write the last lines down. */
const KILL_GRACE_MS = 250

class Workers implements Server, WorkerEvents {
  addresses: readonly string[] = []
  readonly #first: Configuration
  readonly #settings: WorkersSettings
  readonly #front: Front
  readonly #processes = new Set<WorkerProcess>()
  readonly #handOut: HandOut
  readonly #budget = new RestartBudget()
  readonly #metrics = new WorkerMetrics()
  readonly #restarts = new Set<NodeJS.Timeout>()
  readonly #ticker: NodeJS.Timeout
  /** What each worker serves, and what one that is started now gets. */
  #published: PortableConfiguration
  /** A change under way: who starts meanwhile waits for it, or it could miss it. */
  #change: Promise<void> | undefined
  #ends = 0
  #steady = false
  #stopping = false
  /** Waits for all workers to serve, and then for all to have ended. */
  #waiter:
    | { readonly met: () => boolean; readonly resolve: () => void; readonly reject: (fault: Fault) => void }
    | undefined

  constructor(first: Configuration, settings: WorkersSettings) {
    this.#first = first
    this.#settings = settings
    this.#published = toPortable(first)
    this.#handOut = new HandOut(this.#processes, first.server.limits.maxConnections)
    this.#front = new Front(first.server.listeners, (arrival) => this.#handOut.add(arrival))
    this.#ticker = setInterval(() => {
      for (const each of this.#processes) each.tick()
    }, TICK_MS)
    this.#ticker.unref()
    settings.keys.listen((news) => {
      for (const each of this.#processes) each.acceptKeys(news)
    })
    process.once('exit', this.#killAll)
  }

  async open(): Promise<void> {
    const { workers } = this.#settings
    for (let worker = 1; worker <= workers; worker++) this.#spawn(worker)
    try {
      await this.#until(() => this.#serving().length === workers)
      this.addresses = await this.#front.open()
    } catch (cause) {
      this.#end()
      this.#killAll()
      throw cause
    }
  }

  async publish(next: Configuration): Promise<boolean> {
    while (this.#change !== undefined) await this.#change
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#change = promise
    try {
      await this.#publishToAll(toPortable(next))
    } finally {
      this.#change = undefined
      resolve()
    }
    return needsRestart(this.#first, next)
  }

  asksForKeys(source: string, serial: number): void {
    this.#settings.keys.ask(source, serial)
  }

  usedKeys(uses: readonly KeyUse[]): void {
    this.#settings.keys.used(uses)
  }

  measure(): Promise<MetricsSnapshot> {
    return this.#metrics.measure(this.#processes)
  }

  async drain(): Promise<void> {
    this.#end()
    const { drainMs } = this.#first.server.timeouts
    for (const each of this.#processes) {
      if (each.started) each.drain()
      else each.kill()
    }
    const timer = setTimeout(this.#killAll, drainMs + DRAIN_GRACE_MS)
    await this.#until(() => this.#processes.size === 0)
    clearTimeout(timer)
    process.off('exit', this.#killAll)
  }

  kill(): void {
    this.#end()
    for (const each of this.#processes) each.stop()
    setTimeout(this.#killAll, KILL_GRACE_MS).unref()
  }

  ready(worker: WorkerProcess): void {
    this.#settings.log.info('a worker serves', { worker: worker.place.worker, pid: worker.pid })
    this.#handOut.proceed()
    this.#look()
  }

  taken(): void {
    this.#handOut.proceed()
  }

  failed(worker: WorkerProcess, trouble: Trouble): void {
    if (this.addresses.length === 0) return this.#waiter?.reject(faultOf(trouble))
    const { message, hint } = trouble
    this.#settings.log.error('a worker cannot start', { worker: worker.place.worker, error: message, hint })
    worker.kill()
  }

  gone(worker: WorkerProcess): void {
    this.#processes.delete(worker)
    this.#metrics.gone(worker)
    const nowMs = this.#settings.clock.now()
    this.#ends++
    this.#steady ||= [worker, ...this.#processes].some(
      ({ readyAtMs }) => readyAtMs !== undefined && nowMs - readyAtMs >= STEADY_MS,
    )
    for (const arrival of worker.takeBack()) {
      if (this.#stopping) arrival.socket.destroy()
      else this.#handOut.add(arrival)
    }
    if (!this.#stopping) this.#replace(worker, nowMs)
    this.#look()
  }

  #replace({ place: { worker, workers }, pid, ending }: WorkerProcess, nowMs: number): void {
    this.#settings.log.error('a worker ended; another takes its place', { worker, pid, ending })
    if (!this.#steady && this.#ends >= workers + TOLERATED_ENDS) return this.#giveUp(ending)
    const timer = setTimeout(() => {
      this.#restarts.delete(timer)
      this.#metrics.restarted()
      this.#spawn(worker)
    }, this.#budget.take(nowMs))
    this.#restarts.add(timer)
  }

  #giveUp(ending: string): void {
    const fault = new Fault(
      `${this.#ends} workers ended right after their start, the last one with ${ending}`,
      {
        hint: 'what a function backend does to its process is done to a worker; try `workers: 1` to see its error',
      },
    )
    this.#end()
    this.#killAll()
    if (this.addresses.length === 0) this.#waiter?.reject(fault)
    else this.#settings.onGivingUp(fault)
  }

  #spawn(worker: number): void {
    const { module, workers, clock } = this.#settings
    const spawned = new WorkerProcess(module, { worker, workers }, this, () => clock.now())
    this.#processes.add(spawned)
    void this.#start(spawned)
  }

  async #start(worker: WorkerProcess): Promise<void> {
    while (this.#change !== undefined) await this.#change
    if (this.#stopping) return
    worker.start(this.#published)
    for (const news of this.#settings.keys.allNews) worker.acceptKeys(news)
  }

  /** Prepared by all, or published by none. A worker that ends on the way is replaced by one that serves what is published then. */
  async #publishToAll(next: PortableConfiguration): Promise<void> {
    const asked = [...this.#processes].filter(({ started }) => started)
    const answers = await Promise.all(asked.map((each) => each.prepare(next)))
    const refused = answers.find((answer) => answer?.kind === 'refused')
    if (refused?.kind === 'refused' || !answers.some((answer) => answer?.kind === 'prepared')) {
      for (const each of asked) each.abandon()
      throw faultOf(refused?.kind === 'refused' ? refused.trouble : NOBODY)
    }
    this.#published = next
    await Promise.all(asked.map((each) => each.commit()))
  }

  #serving(): readonly WorkerProcess[] {
    return [...this.#processes].filter(({ serves }) => serves)
  }

  #until(met: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiter = { met, resolve, reject }
      this.#look()
    })
  }

  #look(): void {
    if (this.#waiter?.met() === true) this.#waiter.resolve()
  }

  /** From here on nobody is taken in and nothing is started. */
  #end(): void {
    this.#stopping = true
    this.#front.close()
    clearInterval(this.#ticker)
    for (const timer of this.#restarts) clearTimeout(timer)
    this.#handOut.clear()
  }

  readonly #killAll = (): void => {
    for (const each of this.#processes) each.kill()
  }
}

function faultOf({ message, hint }: Trouble): Fault {
  return new Fault(message, hint === undefined ? {} : { hint })
}

const NOBODY: Trouble = {
  message: 'no worker is there to take the configuration',
  hint: 'try again in a moment',
}
