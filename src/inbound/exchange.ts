import type { Duplex } from 'node:stream'
import type { FieldList } from '../http1/index.ts'
import type { Result } from '../kernel/result.ts'
import type { Refusal } from '../errors/refusal.ts'
import type { InboundRequest } from './request.ts'

/** One request and the way to answer it. Engines make these; the pipeline decides; `proxy` moves the bytes. */
export interface Exchange {
  readonly request: InboundRequest
  readonly body: BodySource
  readonly response: ResponseSink
  /** The raw connection after a request to upgrade, or undefined where the request asks for none. */
  readonly upgrade: UpgradeOffer | undefined
}

/**
 * The body of a request as it arrives. Push with back-pressure: after `start`, the consumer gets every piece in order
 * and then exactly one of `end` and `fail`.
 */
export interface BodySource {
  /** Bytes to come: 0 for no body, undefined where the client did not say (chunked). */
  readonly length: number | undefined
  /** Called once at most. */
  start(consumer: BodyConsumer): void
  /** Continues after `data` has answered false. */
  resume(): void
  /** Reads and throws away what the client still sends, within the engine's bound, or closes the connection. */
  discard(): void
}

export interface BodyConsumer {
  /** A piece that the consumer may keep; false asks the source to wait for `resume`. */
  data(piece: Buffer): boolean
  /**
   * Whether it may still have need of any piece that it was given. Asked right after `data`: where it says no, their memory
   * is used again. One that does not say may keep everything.
   */
  readonly holds?: boolean
  end(): void
  /** The client broke off, was too slow, or broke the rules: no more comes. */
  fail(refusal: Refusal): void
}

/** The way back to the client. */
export interface ResponseSink {
  /** True once `head` was called. */
  readonly started: boolean
  /** 103 and its like; 101 goes through `UpgradeOffer`. */
  interim(status: number, headers: readonly string[]): void
  /**
   * Status and end-to-end fields; framing and connection fields are the engine's own. `length` is the body's length
   * where it is known.
   */
  head(status: number, fields: FieldList, length: number | undefined): void
  /** False asks the caller to wait for `onDrain`. */
  write(piece: Buffer): boolean
  /** As of a `BodyConsumer`, right after `write`. */
  readonly holds?: boolean
  /** Trailer fields are names and values in turn. */
  end(trailers?: readonly string[]): void
  /** The answer cannot be finished: the client must see a broken message, not a short one. */
  abort(): void
  /** Called when writing may go on. */
  onDrain: (() => void) | undefined
  /** Told once, when the client went away before `end`; at once, where it is gone when this is set. */
  watch: ResponseWatch | undefined
}

/**
 * Whoever must know that a client went away. An object and no callback: a closure made for each request keeps the
 * garbage of request after request alive in the old generation, so that each collection took ten times as long.
 */
export interface ResponseWatch {
  clientGone(): void
}

/** A request that asks to leave HTTP (RFC 9110 §7.8): answered by `accept`, or in HTTP through the response sink. */
export interface UpgradeOffer {
  /** The Upgrade field of the request. */
  readonly protocol: string
  /** Sends 101 with these fields and gives the bytes of the connection from here on. */
  accept(headers: readonly string[]): Duplex
}

/** Reads a whole body into one piece, refusing what passes `maxBytes`. */
export function readBody(source: BodySource, maxBytes: number): Promise<Result<Buffer, Refusal>> {
  return new Promise((resolve) => {
    if (source.length !== undefined && source.length > maxBytes) {
      resolve({ ok: false, error: { code: 'GW_REQUEST_BODY_TOO_LARGE', reason: 'form-too-large' } })
      return
    }
    const pieces: Buffer[] = []
    let bytes = 0
    let done = false
    const finish = (outcome: Result<Buffer, Refusal>): void => {
      if (!done) resolve(outcome)
      done = true
    }
    source.start({
      data(piece) {
        bytes += piece.length
        if (done) return true
        if (bytes > maxBytes)
          finish({ ok: false, error: { code: 'GW_REQUEST_BODY_TOO_LARGE', reason: 'form-too-large' } })
        else pieces.push(piece)
        return true
      },
      end: () => finish({ ok: true, value: Buffer.concat(pieces, bytes) }),
      fail: (refusal) => finish({ ok: false, error: refusal }),
    })
  })
}
