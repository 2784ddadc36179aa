import { NO_FIELDS, type RequestHead } from '../../http1/index.ts'

/** An empty line that may come first (RFC 9112 §2.2), and `HEAD` with its space. */
const START_BYTES = 7

const ASKS_FOR_HEAD = /^(?:\r\n)?HEAD /

/**
 * Remembers how a head began that did not come whole. The answer to a malformed HEAD must have no body: a proxy before
 * this gateway would take it for the answer to its next request. Costs a head that comes whole nothing.
 */
export class HeadStart {
  #text = ''

  /** The next bytes of a head that is not complete. */
  add(bytes: Buffer, at: number): void {
    if (this.#text.length < START_BYTES) this.#text += bytes.toString('latin1', at, at + START_BYTES)
  }

  /** The head that stands for one that cannot be read: its answer is the last, and has no body where HEAD was asked. */
  asUnreadable(): RequestHead {
    return ASKS_FOR_HEAD.test(this.#text) ? UNREADABLE_HEAD : UNREADABLE
  }

  clear(): void {
    if (this.#text !== '') this.#text = ''
  }
}

const UNREADABLE: RequestHead = {
  method: '',
  target: '',
  minor: 1,
  headers: NO_FIELDS,
  repeated: false,
  host: '',
  framing: { kind: 'none' },
  keepAlive: false,
  connection: [],
  upgrade: undefined,
  expect: '',
  expectContinue: false,
  te: '',
}

const UNREADABLE_HEAD: RequestHead = { ...UNREADABLE, method: 'HEAD' }
