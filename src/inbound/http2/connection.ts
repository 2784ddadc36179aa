import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type SessionOptions,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Refusal } from '../../errors/refusal.ts'
import { FieldList, type RequestHead } from '../../http1/index.ts'
import { CLIENT_GONE } from '../client-gone.ts'
import { DISCARD_MAX_MS } from '../discard-bounds.ts'
import { peerOf } from '../node/peer.ts'
import type { Peer } from '../request.ts'
import type { ConnectionOwner } from '../wire/connection-owner.ts'
import { PhaseClock } from '../wire/phase-clock.ts'
import { BODY_TOO_SLOW } from '../wire/problem-refusal.ts'
import { Http2RequestBody } from './request-body.ts'
import { readRequestHead } from './request-head.ts'
import { breakOff, Http2Response } from './response.ts'

/** Streams that one client may have open at a time: what browsers use, and what RFC 9113 §6.5.2 says not to go below. */
const MAX_CONCURRENT_STREAMS = 100
/**
 * A client may reset streams that it opened, not make an attack of it (CVE-2023-44487): so many at once, and so many a
 * second after that. Those that this side must reset count, too (CVE-2025-8671).
 */
const RESET_BURST = 200
const RESETS_PER_SECOND = 20
/**
 * Bytes of frames that ask for nothing (SETTINGS, PING, PRIORITY, empty DATA, WINDOW_UPDATE), beyond what heads and
 * bodies explain, after which the client is told to calm down (CVE-2019-9511 to 9518).
 */
const MAX_IDLE_CHATTER_BYTES = 256 * 1024
/** What the frames of one request may take beside its head and its body. */
const CHATTER_PER_STREAM_BYTES = 2048
/** What a client may say for each byte that it gets: two WINDOW_UPDATE (26 bytes) for a frame of a small event. */
const CHATTER_PER_WRITTEN_BYTE = 0.5
/** Keeping connections alive takes some PING a minute. */
const CHATTER_PER_SECOND_BYTES = 4096
/** Bytes after which a client counts as one that takes its answers, however slowly. */
const PROGRESS_BYTES = 1024

interface OpenStream {
  readonly stream: ServerHttp2Stream
  readonly body: Http2RequestBody
  readonly response: Http2Response
  readonly clock: PhaseClock
}

/**
 * One client connection of HTTP/2, on node:http2. Each stream becomes an exchange, for the same pipeline as any other.
 * nghttp2 sees to frames, HPACK and flow control; what a stranger may do with them is bounded here.
 */
export class Http2Connection {
  readonly #owner: ConnectionOwner
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #peer: Peer
  readonly #open = new Set<OpenStream>()
  readonly #clock = new PhaseClock()
  readonly #resets = { left: RESET_BURST, refilledMs: 0 }
  #requests = 0
  /** What the client had good reason to send so far. */
  #allowedBytes = MAX_IDLE_CHATTER_BYTES
  #progressBytes = 0
  readonly #sinceMs = performance.now()

  /** Takes over a socket whose first bytes are the preface of HTTP/2, read or not. */
  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#owner = owner
    this.#socket = socket
    this.#peer = peerOf(socket)
    this.#session = performServerHandshake(socket, sessionOptions(owner))
    this.#session.on('stream', (stream, _headers, flags, rawHeaders) =>
      this.#serve(stream, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, rawHeaders),
    )
    this.#session.on('error', ignore)
    this.#session.on('frameError', ignore)
    this.#clock.enter('idle')
  }

  /** Says which stream is the last (RFC 9113 §6.8), and closes the connection behind it. */
  drain(): void {
    if (!this.#session.closed) this.#session.close()
  }

  closeIfIdle(): void {
    this.drain()
  }

  /** Ends whatever wait has lasted too long. Called at every tick of the listener. */
  sweep(nowMs: number): void {
    const { keepAliveIdleMs, bodyIdleMs } = this.#owner.timeouts
    if (this.#session.destroyed) return
    if (this.#chatters(nowMs)) return this.#calm()
    if (this.#open.size === 0) {
      if (this.#clock.elapsedMs(nowMs) >= keepAliveIdleMs) this.#session.close()
      return
    }
    const taking = this.#socket.bytesWritten - this.#progressBytes >= PROGRESS_BYTES
    if (taking) this.#progressBytes = this.#socket.bytesWritten
    for (const open of this.#open) sweepStream(open, taking, nowMs, bodyIdleMs)
  }

  /** Whether the client has sent more frames that ask for nothing than it can have reason to. */
  #chatters(nowMs: number): boolean {
    const { bytesRead, bytesWritten } = this.#socket
    const bySeconds = ((nowMs - this.#sinceMs) / 1000) * CHATTER_PER_SECOND_BYTES
    return bytesRead > this.#allowedBytes + bytesWritten * CHATTER_PER_WRITTEN_BYTE + bySeconds
  }

  #serve(stream: ServerHttp2Stream, endsWithHead: boolean, list: readonly string[]): void {
    stream.on('error', ignore)
    const head = readRequestHead(this.#owner.grammar, list)
    this.#allow(headBytes(list) + CHATTER_PER_STREAM_BYTES)
    if (++this.#requests >= this.#owner.maxRequestsPerConnection || this.#owner.draining)
      this.#session.close()
    if (head.ok) this.#handle(stream, head.value, endsWithHead)
    else this.#refuse(stream, head.error, list)
  }

  #handle(stream: ServerHttp2Stream, head: RequestHead, endsWithHead: boolean): void {
    const length = endsWithHead ? 0 : head.framing.kind === 'length' ? head.framing.length : undefined
    const open = this.#openStream(stream, head.method, length, head.expectContinue)
    this.#owner.handle({
      request: {
        method: head.method,
        target: head.target,
        authority: head.host,
        headers: head.headers,
        repeated: head.repeated,
        httpVersion: '2.0',
        peer: this.#peer,
      },
      body: open.body,
      response: open.response,
      upgrade: undefined,
    })
  }

  /** Answers what never became a request. */
  #refuse(stream: ServerHttp2Stream, refusal: Refusal, list: readonly string[]): void {
    const answer = this.#owner.problem(refusal, this.#peer)
    if (answer === undefined) {
      this.#countReset()
      return breakOff(stream)
    }
    const method = list[list.indexOf(':method') + 1] ?? ''
    const { body, response } = this.#openStream(stream, method, undefined, false)
    body.discard()
    response.head(answer.status, new FieldList(answer.headers), answer.body.length)
    response.write(answer.body)
    response.end()
  }

  #openStream(
    stream: ServerHttp2Stream,
    method: string,
    length: number | undefined,
    waitsForContinue: boolean,
  ): OpenStream {
    const body = new Http2RequestBody(stream, length, waitsForContinue, (bytes) =>
      this.#allow(bytes + bytes / 8),
    )
    const response = new Http2Response(stream, {
      method,
      dateText: () => this.#owner.dateText,
      // The rest of a body that nobody wants: a client may go on sending it, or be told not to (RFC 9113 §8.1).
      responseEnded: () => {
        if (!body.complete) body.discard()
      },
    })
    const open = { stream, body, response, clock: new PhaseClock() }
    open.clock.enter('exchange')
    this.#open.add(open)
    this.#owner.exchangeOpened()
    stream.on('close', () => this.#closed(open))
    return open
  }

  #closed(open: OpenStream): void {
    if (!this.#open.delete(open)) return
    // An answer that the gateway had to break off is not the client's doing.
    if (open.stream.rstCode !== constants.NGHTTP2_NO_ERROR && !open.response.aborted) this.#countReset()
    open.body.fail(CLIENT_GONE)
    open.response.closed()
    this.#owner.exchangeClosed()
    if (this.#open.size === 0) this.#clock.enter('idle')
  }

  /** Bytes that the client had good reason to send, with what frames of a useful size take around them. */
  #allow(bytes: number): void {
    this.#allowedBytes += bytes
  }

  #countReset(): void {
    const nowMs = performance.now()
    const resets = this.#resets
    const refilled = Math.trunc(((nowMs - resets.refilledMs) / 1000) * RESETS_PER_SECOND)
    if (refilled > 0) {
      resets.left = Math.min(RESET_BURST, resets.left + refilled)
      resets.refilledMs = nowMs
    }
    if (--resets.left < 0) this.#calm()
  }

  #calm(): void {
    if (!this.#session.destroyed) this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
}

function sessionOptions({ limits, timeouts }: ConnectionOwner): SessionOptions {
  const options = {
    // Megabytes of everything that a session holds, queued answers included.
    maxSessionMemory: 10,
    maxHeaderListPairs: limits.maxHeaders + 8,
    maxOutstandingPings: 10,
    maxSettings: 32,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    unknownProtocolTimeout: timeouts.headMs,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
    strictFieldWhitespaceValidation: true,
    settings: {
      enablePush: false,
      enableConnectProtocol: false,
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: limits.maxHeadBytes,
    },
  }
  // Not returned at once: node's types do not know all of them here.
  return options
}

/** A client that neither sends its body nor takes its answer is let go of. `taking`: it takes bytes of some answer. */
function sweepStream(
  { stream, body, response, clock }: OpenStream,
  taking: boolean,
  nowMs: number,
  idleMs: number,
): void {
  if (stream.writableFinished && !body.complete) {
    // The client has its whole answer, and goes on sending what nobody wants (RFC 9113 §8.1).
    if (clock.phase !== 'discard') clock.enter('discard')
    else if (clock.elapsedMs(nowMs) >= DISCARD_MAX_MS) stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  const { stalled } = body
  if (!stalled && (taking || !response.busy)) clock.enter('exchange')
  if (clock.elapsedMs(nowMs) < idleMs) return
  if (stalled && !response.ended) body.fail(BODY_TOO_SLOW)
  else breakOff(stream)
}

/** What a header list takes in memory (RFC 9113 §6.5.2); on the wire it is less. */
function headBytes(list: readonly string[]): number {
  return list.reduce((sum, text) => sum + text.length + 16, 0)
}

function ignore(): void {}
