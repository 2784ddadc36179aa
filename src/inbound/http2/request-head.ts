import { refuse, type Refusal } from '../../errors/refusal.ts'
import { isToken, type RequestGrammar, type RequestHead } from '../../http1/index.ts'
import { err, type Result } from '../../kernel/result.ts'
import { problemRefusal } from '../wire/problem-refusal.ts'

/**
 * Reads the header list of a request, names and values in turn as they came. It is written as the head of HTTP/1.1
 * that says the same, and read by the grammar of HTTP/1.1: one strictness for both, and the same memory of heads that
 * repeat. INVARIANT: no name or value that could end a line gets that far.
 */
export function readRequestHead(
  grammar: RequestGrammar,
  list: readonly string[],
): Result<RequestHead, Refusal> {
  const parts = new HeadParts()
  for (let i = 0; i + 1 < list.length; i += 2) {
    const problem = parts.add(list[i] ?? '', list[i + 1] ?? '')
    if (problem !== undefined) return malformed(problem)
  }
  const problem = parts.problem()
  if (problem !== undefined) return malformed(problem)
  const text = parts.text()
  if (text.length > grammar.maxHeadBytes) return err(problemRefusal(grammar.tooLarge(text)))
  const head = grammar.parse(text)
  return head.ok ? head : err(problemRefusal(head.error))
}

/** A header list, sorted into what a head of HTTP/1.1 is made of. */
class HeadParts {
  #method = ''
  #path = ''
  #authority = ''
  #host: string | undefined
  #cookie: string | undefined
  #lines = ''

  add(name: string, value: string): Http2Problem | undefined {
    if (BREAKS_LINES.test(value)) return 'http2-character'
    if (name.startsWith(':')) return this.#addPseudo(name, value)
    // A colon in it would end the name where the line is read.
    if (!isToken(name)) return 'http2-character'
    if (OF_CONNECTIONS.has(name)) return 'http2-connection-field'
    if (name === 'host') {
      if (this.#host !== undefined) return 'http2-authority'
      this.#host = value
    }
    // RFC 9113 §8.2.3: one cookie may stand in several fields, which are one field in HTTP/1.1.
    else if (name === 'cookie')
      this.#cookie = this.#cookie === undefined ? value : `${this.#cookie}; ${value}`
    else this.#lines += `${name}: ${value}\r\n`
    return undefined
  }

  problem(): Http2Problem | undefined {
    // Where both are there and differ, gateway and backend might each believe another one (RFC 9113 §8.3.1).
    if (this.#host !== undefined && this.#authority !== '' && this.#host !== this.#authority)
      return 'http2-authority'
    return SPACE.test(this.#method) || SPACE.test(this.#path) ? 'http2-character' : undefined
  }

  text(): string {
    const host = this.#authority === '' ? (this.#host ?? '') : this.#authority
    const cookie = this.#cookie === undefined ? '' : `cookie: ${this.#cookie}\r\n`
    return `${this.#method} ${this.#path} HTTP/1.1\r\nhost: ${host}\r\n${this.#lines}${cookie}`
  }

  #addPseudo(name: string, value: string): Http2Problem | undefined {
    switch (name) {
      case ':method':
        this.#method = value
        return undefined
      case ':path':
        this.#path = value
        return undefined
      case ':authority':
        this.#authority = value
        return undefined
      case ':scheme':
        return undefined
      default:
        return 'http2-pseudo-field'
    }
  }
}

// oxlint-disable-next-line no-control-regex -- these are what it looks for
const BREAKS_LINES = /[\u0000\r\n\u0100-\uffff]/
const SPACE = /[\t ]/

/** RFC 9113 §8.2.2: fields that only mean something to a connection of HTTP/1.1. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** What is malformed in a way that HTTP/1.1 does not have (RFC 9113 §8.2, §8.3). */
const PROBLEMS = {
  'http2-character': 'a header list holds a character that no field of HTTP/2 may have',
  'http2-pseudo-field': 'a pseudo-header field that requests do not have',
  'http2-authority': '`:authority` and `host`, or two hosts, stand beside each other and differ',
  'http2-connection-field': 'a field that belongs to connections of HTTP/1.1',
} as const

type Http2Problem = keyof typeof PROBLEMS

function malformed(reason: Http2Problem): Result<never, Refusal> {
  return err(refuse('GW_REQUEST_MALFORMED', reason, { detail: PROBLEMS[reason] }))
}
