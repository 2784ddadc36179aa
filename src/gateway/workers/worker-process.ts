import { fork, type ChildProcess } from 'node:child_process'
import type { PortableConfiguration } from '../../config/index.ts'
import type { KeyNews, KeyUse } from '../../keys/index.ts'
import type { MetricsSnapshot } from '../../telemetry/metrics/index.ts'
import type { Arrival } from './front.ts'
import { isToPrimary, type ToPrimary, type ToWorker, type Trouble } from './messages.ts'
import type { Place } from './share.ts'

/** What the primary is told of one of its workers. */
export interface WorkerEvents {
  ready(worker: WorkerProcess): void
  /** It has taken a connection, and can be given another. */
  taken(): void
  failed(worker: WorkerProcess, trouble: Trouble): void
  /** It ended, and every message of it was read: what it has not taken by now it never had. Called once. */
  gone(worker: WorkerProcess): void
  /** A token was met there that other keys of this source might verify. */
  asksForKeys(source: string, serial: number): void
  usedKeys(uses: readonly KeyUse[]): void
}

/** So many seconds without a sign of life are no pause any more, not even of a machine that is far too busy. */
const SILENT_TICKS = 30

/** A worker, as the primary has it. */
export class WorkerProcess {
  readonly place: Place
  readonly pid: number | undefined
  /** `exit code 1`, `signal SIGKILL`, once it has ended. */
  ending = ''
  started = false
  /** When it began to serve; undefined before. */
  readyAtMs: number | undefined
  readonly #child: ChildProcess
  readonly #events: WorkerEvents
  readonly #now: () => number
  /** Handed over, and not yet taken. */
  readonly #untaken = new Map<number, Arrival>()
  #lastId = 0
  #open = 0
  #silentTicks = 0
  #answer: ((answer: ToPrimary | undefined) => void) | undefined
  #measured: ((snapshot: MetricsSnapshot | undefined) => void) | undefined

  constructor(module: string, place: Place, events: WorkerEvents, now: () => number) {
    this.place = place
    this.#events = events
    this.#now = now
    // What functions print goes where the gateway's own lines go.
    const stdio: ('ignore' | 'inherit' | 'ipc')[] = ['ignore', 'inherit', 'inherit', 'ipc']
    this.#child = fork(module, [], { serialization: 'advanced', stdio })
    this.pid = this.#child.pid
    this.#child.on('message', (message: unknown) => {
      if (isToPrimary(message)) this.#receive(message)
    })
    // Not `exit`, at which messages may still be on their way, nor `disconnect`, which never comes while a handle is.
    this.#child.on('close', (code, signal) =>
      this.#ended(signal === null ? `exit code ${code}` : `signal ${signal}`),
    )
    // Where there is no process it does not close; where there is one, a message that cannot be sent is told of by its end.
    this.#child.on('error', (cause) => {
      if (this.pid === undefined) this.#ended(cause.message)
    })
  }

  /** Whether it can be given connections. */
  get serves(): boolean {
    return this.readyAtMs !== undefined && this.#child.connected
  }

  /** Handed over, and not taken yet. */
  get untaken(): number {
    return this.#untaken.size
  }

  /** Connections that it has or is about to have, as far as it has told. */
  get load(): number {
    return this.#open + this.#untaken.size
  }

  start(configuration: PortableConfiguration): void {
    this.started = true
    this.#send({ kind: 'start', configuration, place: this.place })
  }

  /** Gives `prepared` or `refused`, or undefined where it ended instead. */
  prepare(configuration: PortableConfiguration): Promise<ToPrimary | undefined> {
    return this.#ask({ kind: 'prepare', configuration })
  }

  /** Resolves when it has committed, or ended. */
  async commit(): Promise<void> {
    await this.#ask({ kind: 'commit' })
  }

  abandon(): void {
    this.#send({ kind: 'abandon' })
  }

  /** Hands a connection over. This process keeps its end until the worker has taken it. */
  give(arrival: Arrival): void {
    const id = ++this.#lastId
    this.#untaken.set(id, arrival)
    const message: ToWorker = { kind: 'connection', id, listener: arrival.listener }
    this.#child.send(message, arrival.socket, { keepOpen: true }, ignore)
  }

  /** Takes back what it was given and never had. */
  takeBack(): readonly Arrival[] {
    const arrivals = [...this.#untaken.values()]
    this.#untaken.clear()
    return arrivals
  }

  /** Tells what is known of the keys of a source. One that is not told to start yet is told everything when it is. */
  acceptKeys(news: KeyNews): void {
    if (this.started) this.#send({ kind: 'keys', news })
  }

  /** What it has counted; undefined where it does not say so in time, or ends. Asked again only after that. */
  async measure(timeoutMs: number): Promise<MetricsSnapshot | undefined> {
    if (!this.#child.connected) return undefined
    const { promise, resolve } = Promise.withResolvers<MetricsSnapshot | undefined>()
    this.#measured = resolve
    const timer = setTimeout(resolve, timeoutMs, undefined)
    this.#send({ kind: 'measure' })
    const snapshot = await promise
    clearTimeout(timer)
    return snapshot
  }

  drain(): void {
    this.#send({ kind: 'drain' })
  }

  /** Tells it to end now. */
  stop(): void {
    this.#send({ kind: 'kill' })
  }

  /** Ends it, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Called each second. A worker that stands still holds its connections for ever: it is ended like one that crashed. */
  tick(): void {
    this.#silentTicks++
    if (this.#silentTicks > SILENT_TICKS) this.kill()
    else this.#send({ kind: 'ping' })
  }

  #ask(message: ToWorker): Promise<ToPrimary | undefined> {
    return new Promise((resolve) => {
      if (!this.#child.connected) return resolve(undefined)
      this.#answer = resolve
      this.#send(message)
    })
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, ignore)
  }

  #receive(message: ToPrimary): void {
    this.#silentTicks = 0
    switch (message.kind) {
      case 'taken':
        // Its own end is open: closing this one is not seen by the client.
        this.#untaken.get(message.id)?.socket.destroy()
        this.#untaken.delete(message.id)
        this.#open = message.open
        return this.#events.taken()
      case 'ready':
        this.readyAtMs = this.#now()
        return this.#events.ready(this)
      case 'failed':
        return this.#events.failed(this, message.trouble)
      case 'prepared':
      case 'refused':
      case 'committed':
        return this.#answered(message)
      case 'pong':
        this.#open = message.open
        return this.#events.usedKeys(message.uses)
      case 'ask-keys':
        return this.#events.asksForKeys(message.source, message.serial)
      case 'measured':
        return this.#measured?.(message.snapshot)
    }
  }

  #answered(message: ToPrimary | undefined): void {
    const answer = this.#answer
    this.#answer = undefined
    answer?.(message)
  }

  #ended(ending: string): void {
    if (this.ending !== '') return
    this.ending = ending
    this.#answered(undefined)
    this.#measured?.(undefined)
    this.#events.gone(this)
  }
}

/** A message that cannot be sent is one to a process that ends, which is told of by its end. */
function ignore(): void {}
