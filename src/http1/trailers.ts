import { isFieldContentCode } from './char-class.ts'
import { NO_FIELDS, parseFields, type WireFields } from './fields.ts'
import type { HttpLimits } from './limits.ts'
import type { HttpProblemReason } from './problem.ts'

/**
 * Fields that frame, route, authenticate or control a message, and so come too late in a trailer (RFC 9110 §6.5.1).
 * Whoever merged one into the header would act on what nobody checked. Compared in lower case with `_` taken for `-`.
 */
const FORBIDDEN: ReadonlySet<string> = new Set(
  [
    'connection content-length host keep-alive te trailer transfer-encoding upgrade http2-settings',
    'authorization cookie cookie2 set-cookie set-cookie2 www-authenticate authentication-info forwarded via',
    'cache-control expect max-forwards pragma range',
    'if-match if-modified-since if-none-match if-range if-unmodified-since',
    'age date expires location retry-after vary warning content-encoding content-range content-type',
  ].flatMap((names) => names.split(' ')),
)

/** Families that tell a backend who is calling, or for whom. */
const FORBIDDEN_PREFIXES = ['x-forwarded-', 'x-real-', 'proxy-', 'sec-'] as const

const CR = 0x0d
const LF = 0x0a

/**
 * What becomes of trailer fields that only a header may be: a client that sends one attacks; of a backend that sends
 * one, its answer is still whole, and whoever passes it on leaves the field out.
 */
export type ForbiddenTrailers = 'refuse' | 'pass'

/** Reads a trailer section (RFC 9112 §7.1.2): field lines and the empty line after them, in any pieces. */
export class TrailerReader {
  done = false
  problem: HttpProblemReason | undefined = undefined
  fields: WireFields = NO_FIELDS
  readonly #limits: HttpLimits
  readonly #forbidden: ForbiddenTrailers
  #text = ''
  #bytes = 0
  #state: 'line-start' | 'line' | 'line-lf' | 'end-lf' = 'line-start'

  constructor(limits: HttpLimits, forbidden: ForbiddenTrailers = 'refuse') {
    this.#limits = limits
    this.#forbidden = forbidden
  }

  /** Reads on from `at`, and returns where it stopped: behind the section, at the byte that broke it, or at `end`. */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && !this.done && this.problem === undefined) {
      at = this.#state === 'line' ? this.#line(bytes, at, end) : this.#lineEnd(bytes[at] ?? 0, at)
    }
    return at
  }

  #line(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#limits.maxTrailerBytes - this.#bytes + 1)
    let at = start
    while (at < stop && isFieldContentCode(bytes[at] ?? 0)) at++
    this.#bytes += at - start
    if (this.#bytes > this.#limits.maxTrailerBytes) return this.#fail('trailer-too-large', at)
    this.#text += bytes.toString('latin1', start, at)
    if (at === end) return at
    if (bytes[at] !== CR) return this.#fail('trailer', at)
    this.#state = 'line-lf'
    return at + 1
  }

  #lineEnd(code: number, at: number): number {
    if (this.#state === 'line-start') {
      this.#state = code === CR ? 'end-lf' : 'line'
      return code === CR ? at + 1 : at
    }
    if (code !== LF) return this.#fail('trailer', at)
    if (this.#state === 'end-lf') return this.#end(at)
    this.#text += '\r\n'
    this.#bytes += 2
    this.#state = 'line-start'
    return at + 1
  }

  #end(at: number): number {
    if (this.#text !== '') {
      const fields = parseFields(this.#text, this.#limits.maxHeaders)
      if ('reason' in fields)
        return this.#fail(fields.reason === 'too-many-headers' ? fields.reason : 'trailer', at)
      if (this.#forbidden === 'refuse' && hasForbidden(fields.pairs))
        return this.#fail('trailer-forbidden', at)
      this.fields = fields.pairs
    }
    this.done = true
    return at + 1
  }

  #fail(reason: HttpProblemReason, at: number): number {
    this.problem = reason
    return at
  }
}

function hasForbidden(pairs: readonly string[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = (pairs[i] ?? '').toLowerCase().replaceAll('_', '-')
    if (FORBIDDEN.has(name) || FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix))) return true
  }
  return false
}
