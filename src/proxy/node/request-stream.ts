import { Readable } from 'node:stream'
import type { BodySource } from '../../inbound/exchange.ts'
import { CarriedRefusal } from './carried-refusal.ts'

/**
 * The body of an exchange as a Readable that asks for bytes only when it is read: nothing is read from the client
 * before the backend's connection stands, and no more than one buffer of it waits at a time.
 */
export class RequestStream extends Readable {
  readonly #source: BodySource
  /** Whether the source has been started, after which no other attempt can send this body. */
  started = false

  constructor(source: BodySource) {
    super({ highWaterMark: 64 * 1024 })
    this.#source = source
    // undici listens while it needs the body; a client that breaks off later must not end the process.
    this.on('error', ignore)
  }

  override _read(): void {
    if (this.started) {
      this.#source.resume()
      return
    }
    this.started = true
    this.#source.start({
      // After an early answer nobody reads any more; what still comes is thrown away by the engine.
      data: (piece) => this.destroyed || this.push(piece),
      end: () => {
        if (!this.destroyed) this.push(null)
      },
      fail: (refusal) => this.destroy(new CarriedRefusal(refusal)),
    })
  }
}

function ignore(): void {}
