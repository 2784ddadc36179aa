import type { Asked } from './current.ts'

/** What a connection of HTTP/2 begins with, as far as HTTP/1.1 takes it for a head (RFC 9113 §3.4). */
export const HTTP2_PREFACE_HEAD = 'PRI * HTTP/2.0\r\n\r\n'

/** Enough for the preface, and for an empty line that may come first (RFC 9112 §2.2) with `HEAD` and its space. */
const START_BYTES = HTTP2_PREFACE_HEAD.length

const ASKS_FOR_HEAD = /^(?:\r\n)?HEAD /

/**
 * Remembers how a head began that did not come whole. The answer to a malformed HEAD must have no body: a proxy before
 * this gateway would take it for the answer to its next request. Costs a head that comes whole nothing.
 */
export class HeadStart {
  #text = ''

  /** The next bytes of a head that is not complete, from `at` to `end`. */
  add(bytes: Buffer, at: number, end: number): void {
    const missing = START_BYTES - this.#text.length
    if (missing > 0) this.#text += bytes.toString('latin1', at, Math.min(end, at + missing))
  }

  /** Whether it is no head at all, and the client speaks HTTP/2. */
  get isHttp2Preface(): boolean {
    return this.#text === HTTP2_PREFACE_HEAD
  }

  /** What stands for a head that cannot be read: its answer is the last, and has no body where HEAD was asked. */
  asUnreadable(): Asked {
    return ASKS_FOR_HEAD.test(this.#text) ? UNREADABLE_HEAD : UNREADABLE
  }

  clear(): void {
    if (this.#text !== '') this.#text = ''
  }
}

const UNREADABLE: Asked = { method: '', minor: 1, keepAlive: false }
const UNREADABLE_HEAD: Asked = { ...UNREADABLE, method: 'HEAD' }
