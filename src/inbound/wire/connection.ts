import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fault } from '../../errors/fault.ts'
import type { Refusal } from '../../errors/refusal.ts'
import { FieldList, HeadReader, type RequestHead } from '../../http1/index.ts'
import { CLIENT_GONE } from '../client-gone.ts'
import { peerOf } from '../node/peer.ts'
import type { Peer } from '../request.ts'
import type { ClientReads } from './client-reads.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { currentOf, requestOf, type Current } from './current.ts'
import { HeadStart, HTTP2_PREFACE_HEAD } from './head-start.ts'
import { PhaseClock } from './phase-clock.ts'
import { BODY_TOO_SLOW, HEAD_TOO_SLOW, problemRefusal } from './problem-refusal.ts'
import { DISCARD_MAX_BYTES, DISCARD_MAX_MS } from '../discard-bounds.ts'
import { WireRequestBody, type BodyConnection } from './request-body.ts'
import { WireResponse, type ResponseConnection } from './response.ts'
import { offeredProtocol, WireUpgradeOffer } from './upgrade-offer.ts'
import { WatchedWriter } from './watched-writer.ts'

/** How long a client has to close after its last answer: as long, and some more, since it has to read it first. */
const LINGER_MAX_MS = 1500

/**
 * One client connection. Requests are handled one at a time and in order; bytes that come early are held and the
 * socket is not read. INVARIANT: the next request begins at the byte after the last, or the connection ends.
 */
export class WireConnection implements BodyConnection, ResponseConnection {
  readonly peer: Peer
  readonly reads: ClientReads
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader: HeadReader<RequestHead>
  readonly #headStart = new HeadStart()
  readonly #clock = new PhaseClock()
  readonly #writer: WatchedWriter
  #current: Current | undefined
  #taking = false
  #requests = 0
  /** The answer under way is the last. */
  #last = false
  /** What came after the last answer and was thrown away. */
  #lingeredBytes = 0

  constructor(reads: ClientReads, owner: ConnectionOwner) {
    const { socket } = reads
    this.#socket = socket
    this.reads = reads
    this.#owner = owner
    this.#reader = new HeadReader(owner.grammar)
    this.#writer = new WatchedWriter(socket, owner.timeouts.bodyIdleMs)
    this.peer = peerOf(socket)
    reads.start(this.#onBytes)
    socket.on('end', this.#onEnd)
    socket.on('drain', this.#onDrain)
    socket.on('close', this.#onClose)
    socket.on('error', ignore)
  }

  get method(): string {
    return this.#current?.method ?? ''
  }

  get minor(): 0 | 1 {
    return this.#current?.minor ?? 1
  }

  /** Whether the client has yet to take something. */
  get busy(): boolean {
    return this.#writer.busy
  }

  /** The protocol has no word for it before the next answer, which says that it is the last. */
  drain(): void {}

  /** Closes the connection if it is between two requests, so that it disturbs nobody. */
  closeIfIdle(): void {
    const { phase } = this.#clock
    if ((phase !== 'idle' && phase !== 'head') || this.reads.holds) return
    if (this.#reader.pendingBytes > 0) return
    // The client may still be taking its last answer.
    if (this.busy) this.#linger()
    else this.#socket.destroy()
  }

  /** Ends whatever wait has lasted too long. Called at every tick of the listener. */
  sweep(nowMs: number): void {
    const { phase } = this.#clock
    // Where the client is still taking its answer, the clock of the writing counts.
    if (phase !== 'head' && phase !== 'discard' && this.#writer.busy) {
      this.#writer.watch()
      this.#clock.enter(phase)
      return
    }
    const { timeouts } = this.#owner
    const elapsedMs = this.#clock.elapsedMs(nowMs)
    switch (phase) {
      case 'head':
        if (elapsedMs >= timeouts.headMs) this.#headTooSlow()
        return
      case 'idle':
        if (elapsedMs >= timeouts.keepAliveIdleMs) this.#socket.destroy()
        return
      case 'exchange':
        if (elapsedMs >= timeouts.bodyIdleMs) this.#stalled()
        return
      case 'discard':
        if (elapsedMs >= DISCARD_MAX_MS) this.#linger()
        return
      case 'linger':
        if (elapsedMs >= LINGER_MAX_MS) this.#socket.destroy()
        return
      case 'upgraded':
    }
  }

  bodyWanted(): void {
    this.#clock.moved()
    this.#continue()
  }

  sendContinue(): void {
    if (this.#current?.response.started === false) this.sendText('HTTP/1.1 100 Continue\r\n\r\n')
  }

  keepsAlive(untilClose: boolean): boolean {
    const current = this.#current
    const { draining, maxRequestsPerConnection } = this.#owner
    this.#last =
      untilClose ||
      current === undefined ||
      !current.keepAlive ||
      current.body.closes ||
      // What came behind a request to upgrade may be meant for the protocol that was not agreed on.
      current.upgrade !== undefined ||
      draining ||
      this.#requests >= maxRequestsPerConnection
    return !this.#last
  }

  sendText(text: string): boolean {
    this.#clock.moved()
    return this.#writer.text(text)
  }

  sendBytes(head: string, bytes: Buffer, tail: string): boolean {
    this.#clock.moved()
    return this.#writer.bytes(head, bytes, tail)
  }

  dateText(): string {
    return this.#owner.dateText
  }

  responseEnded(): void {
    const current = this.#current
    if (current === undefined) return
    if (this.#last || current.body.closes) return this.#linger()
    if (current.body.complete) return this.#finish()
    this.#clock.enter('discard')
    current.body.discard()
  }

  breakOff(untilClose: boolean): void {
    this.#writer.breakOff(untilClose)
  }

  readonly #onBytes = (bytes: Buffer, length: number): void => {
    this.#clock.moved()
    if (this.#clock.phase === 'linger') this.#throwAway(length)
    else if (this.reads.holds) this.reads.hold(bytes, 0, length)
    else this.#take(bytes, length)
  }

  /** A client that ends its side while it is owed an answer is gone, as far as anybody can tell (nginx says so, too). */
  readonly #onEnd = (): void => {
    if (this.#current?.response.ended === false) this.#socket.destroy()
    else if (this.#clock.phase !== 'linger') this.#linger()
  }

  readonly #onDrain = (): void => {
    this.#clock.moved()
    const current = this.#current
    if (current === undefined) this.#continue()
    else current.response.onDrain?.()
  }

  readonly #onClose = (): void => {
    const current = this.#current
    if (current === undefined) return
    this.#current = undefined
    current.body.fail(CLIENT_GONE)
    current.response.gone()
    this.#owner.exchangeClosed()
  }

  /** Gives the bytes before `end` to whoever they are for; what nobody takes now is held. */
  #take(bytes: Buffer, end: number): void {
    this.#taking = true
    let at = 0
    while (at < end && this.#clock.phase !== 'linger') {
      const current = this.#current
      if (current === undefined) {
        // Who does not take answers gets no more of them, or they would fill the memory.
        if (this.#socket.writableNeedDrain) break
        at = this.#readHead(bytes, at, end)
      } else if (current.body.wanted) at = this.#readBody(current, bytes, at, end)
      else break
    }
    this.#taking = false
    if (this.#clock.phase === 'linger') return
    if (at < end) this.reads.hold(bytes, at, end)
    // Not a read later, when more has come that would have to be held.
    else if (this.#current?.body.paused === true) this.#socket.pause()
  }

  /** Something changed: perhaps what is held is wanted now. */
  #continue(): void {
    if (this.#taking) return
    const bytes = this.reads.takeHeld()
    if (bytes !== undefined) this.#take(bytes, bytes.length)
    else if (!this.#socket.isPaused()) return
    if (!this.reads.holds && this.#current?.body.paused !== true) this.#socket.resume()
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const head = this.#reader.read(bytes, at, end)
    if (head === undefined) {
      this.#headStart.add(bytes, at, end)
      if (this.#clock.phase !== 'head') this.#clock.enter('head')
      return end
    }
    const next = at + this.#reader.consumed
    if (head.ok) {
      this.#headStart.clear()
      this.#serve(head.value)
    } else {
      this.#headStart.add(bytes, at, end)
      if (this.#requests === 0 && this.#headStart.isHttp2Preface) {
        this.#speakHttp2(bytes.subarray(next, end))
        return end
      }
      this.#refuse(problemRefusal(head.error))
    }
    return next
  }

  /** The client knows beforehand that this is a server of HTTP/2 (RFC 9113 §3.3), which begins anew from the preface. */
  #speakHttp2(following: Buffer): void {
    const socket = this.#socket
    this.#release()
    socket.unshift(Buffer.concat([Buffer.from(HTTP2_PREFACE_HEAD, 'latin1'), following]))
    this.#owner.speakHttp2(socket)
  }

  #readBody(current: Current, bytes: Buffer, at: number, end: number): number {
    const next = at + current.body.push(bytes, at, end)
    if (!current.response.ended || this.#current !== current) return next
    if (current.body.complete) this.#finish()
    else if (current.body.closes) this.#linger()
    return next
  }

  #serve(head: RequestHead): void {
    this.#requests++
    this.#last = false
    this.reads.begin()
    this.#clock.enter('exchange')
    const body = new WireRequestBody(head.framing, this.#owner.limits, head.expectContinue, this)
    const response = new WireResponse(this)
    const protocol = head.upgrade === undefined ? undefined : offeredProtocol(head)
    const upgrade =
      protocol === undefined ? undefined : new WireUpgradeOffer(protocol, (text) => this.#handOver(text))
    this.#current = currentOf(head, body, response, upgrade)
    this.#owner.exchangeOpened()
    this.#owner.handle({
      request: requestOf(head, this.peer),
      body,
      response,
      upgrade,
    })
  }

  /** The exchange is over and the connection serves on. */
  #finish(): void {
    this.#current = undefined
    this.#owner.exchangeClosed()
    this.#clock.enter('idle')
    if (this.#owner.draining) this.#linger()
    else this.#continue()
  }

  /**
   * The connection is over once the client has taken what it was sent. Until then what comes is thrown away: closing
   * while the client sends would reset the connection, and the answer could be lost with it (RFC 9112 §9.6).
   */
  #linger(): void {
    if (this.#current !== undefined) {
      this.#current = undefined
      this.#owner.exchangeClosed()
    }
    this.#clock.enter('linger')
    this.reads.takeHeld()
    this.#socket.end()
    this.#socket.resume()
  }

  #throwAway(length: number): void {
    this.#lingeredBytes += length
    if (this.#lingeredBytes > DISCARD_MAX_BYTES) this.#socket.pause()
  }

  /** Answers what never became a request. */
  #refuse(refusal: Refusal): void {
    const answer = this.#owner.problem(refusal, this.peer)
    if (answer === undefined) {
      // What came behind it is not looked at.
      this.#clock.enter('linger')
      this.#socket.destroy()
      return
    }
    this.#clock.enter('exchange')
    const body = new WireRequestBody({ kind: 'none' }, this.#owner.limits, false, this)
    const response = new WireResponse(this)
    this.#current = currentOf(this.#headStart.asUnreadable(), body, response, undefined)
    this.#owner.exchangeOpened()
    response.head(answer.status, new FieldList(answer.headers), answer.body.length)
    response.write(answer.body)
    response.end()
  }

  #headTooSlow(): void {
    // A connection opened in advance, as browsers do, and never used: there is nothing to answer.
    if (this.#reader.pendingBytes === 0) this.#socket.destroy()
    else this.#refuse(HEAD_TOO_SLOW)
  }

  /** Nothing moved for long: is it the client that is waited for? */
  #stalled(): void {
    const body = this.#current?.body
    if (body?.wanted === true) body.fail(BODY_TOO_SLOW)
  }

  #handOver(head: string): Duplex {
    if (this.#current?.response.started !== false)
      throw new Fault('an upgrade is accepted instead of a response')
    const socket = this.#socket
    this.#release()
    socket.write(head, 'latin1')
    return socket
  }

  /** Somebody else has the socket from here on. */
  #release(): void {
    const socket = this.#socket
    this.#clock.enter('upgraded')
    this.#writer.release()
    this.reads.release()
    socket.off('end', this.#onEnd)
    socket.off('drain', this.#onDrain)
  }
}

function ignore(): void {}
