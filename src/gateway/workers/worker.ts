import type { Socket } from 'node:net'
import { fromPortable, type LogSpec } from '../../config/index.ts'
import { Fault } from '../../errors/fault.ts'
import { KeyStore } from '../../keys/index.ts'
import { combine, snapshotOf, type Collector, type MetricsSnapshot } from '../../telemetry/metrics/index.ts'
import { startHandedServer, type HandedServer, type Prepared, type ServerDependencies } from '../server.ts'
import type { ToPrimary, ToWorker, Trouble } from './messages.ts'
import { shareOf, type Place } from './share.ts'

/** What a worker is given, once it knows what it serves. */
export interface WorkerSurroundings {
  readonly dependencies: (log: LogSpec, place: Place) => Omit<ServerDependencies, 'keys'>
  readonly send: (message: ToPrimary) => void
  /** Who tells of the process itself, beside what the data plane tells. */
  readonly collectors: readonly Collector[]
  /** Ends the process, with everything written down that is to be. */
  readonly exit: () => void
}

/** A worker, as it has itself: one data plane that is told what to do. */
export class Worker {
  readonly #surroundings: WorkerSurroundings
  /** News may come before there is anything to serve. */
  readonly #keys: KeyStore
  #place: Place | undefined
  #server: HandedServer | undefined
  #prepared: Prepared | undefined
  /** What is started, prepared and committed comes one after the other, in the order of the messages. */
  #last: Promise<void> = Promise.resolve()
  #ending = false

  constructor(surroundings: WorkerSurroundings) {
    this.#surroundings = surroundings
    this.#keys = new KeyStore((source, serial) => surroundings.send({ kind: 'ask-keys', source, serial }))
  }

  receive(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'start':
        return this.#inTurn(() => this.#start(message))
      case 'prepare':
        return this.#inTurn(() => this.#prepare(message))
      case 'commit':
        return this.#inTurn(() => this.#commit())
      case 'abandon':
        return this.#inTurn(() => this.#abandon())
      case 'connection':
        return this.#adopt(message, socket)
      case 'ping':
        return this.#surroundings.send({
          kind: 'pong',
          open: this.#server?.connections ?? 0,
          uses: this.#keys.takeUses(),
        })
      case 'keys':
        return this.#keys.accept(message.news)
      case 'measure':
        return this.#surroundings.send({ kind: 'measured', snapshot: this.#measure() })
      case 'drain':
        return this.drain()
      case 'kill':
        this.#server?.kill()
        return this.#surroundings.exit()
    }
  }

  /** Lets requests finish, then ends: when it is told to, and when there is nobody left to tell it anything. */
  drain(): void {
    if (this.#ending) return
    this.#ending = true
    this.#abandon()
    const drained = this.#server?.drain() ?? Promise.resolve()
    void drained.finally(() => this.#surroundings.exit())
  }

  #measure(): MetricsSnapshot {
    const own = { snapshot: snapshotOf(this.#surroundings.collectors) }
    return this.#server === undefined ? own.snapshot : combine([{ snapshot: this.#server.measure() }, own])
  }

  #inTurn(step: () => Promise<void> | void): void {
    this.#last = this.#last.then(step)
  }

  async #start({ configuration, place }: ToWorker & { readonly kind: 'start' }): Promise<void> {
    const { send, dependencies } = this.#surroundings
    try {
      const mine = shareOf(fromPortable(configuration), place)
      this.#place = place
      this.#server = await startHandedServer(mine, {
        ...dependencies(mine.server.log, place),
        keys: this.#keys,
      })
      send({ kind: 'ready' })
    } catch (cause) {
      send({ kind: 'failed', trouble: troubleOf(cause) })
    }
  }

  async #prepare({ configuration }: ToWorker & { readonly kind: 'prepare' }): Promise<void> {
    const { send } = this.#surroundings
    // One that did not start is about to be ended, and has no say.
    if (this.#server === undefined || this.#place === undefined) return
    try {
      const prepared = await this.#server.prepare(shareOf(fromPortable(configuration), this.#place))
      if (this.#ending) return prepared.abandon()
      this.#prepared = prepared
      send({ kind: 'prepared' })
    } catch (cause) {
      send({ kind: 'refused', trouble: troubleOf(cause) })
    }
  }

  #commit(): void {
    this.#prepared?.commit()
    this.#prepared = undefined
    this.#surroundings.send({ kind: 'committed' })
  }

  #abandon(): void {
    this.#prepared?.abandon()
    this.#prepared = undefined
  }

  #adopt({ id, listener }: ToWorker & { readonly kind: 'connection' }, socket: Socket | undefined): void {
    // Before the first byte is read: a connection that was not taken is given to another worker, which must find it whole.
    this.#surroundings.send({ kind: 'taken', id, open: (this.#server?.connections ?? 0) + 1 })
    if (socket === undefined) return
    if (this.#server === undefined) socket.destroy()
    else this.#server.adopt(listener, socket)
  }
}

/** A Fault says what is wrong; everything else is a bug, of which the text is all that there is to say. */
function troubleOf(cause: unknown): Trouble {
  if (cause instanceof Fault) return { message: cause.message, hint: cause.hint }
  return { message: cause instanceof Error ? cause.message : String(cause), hint: undefined }
}
