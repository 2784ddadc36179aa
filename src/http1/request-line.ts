import { isOriginForm, isToken } from './char-class.ts'
import type { HttpLimits } from './limits.ts'
import type { HttpProblemReason } from './problem.ts'

/** The first line of a request: `method SP target SP HTTP/1.minor` (RFC 9112 §3). */
export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly minor: 0 | 1
}

/** ` HTTP/1.1`, with its space. */
const VERSION_BYTES = 9

/**
 * Reads the request line that ends at `lineEnd` of `text`. The method is judged first, then the version, then the
 * target, so that a preface of HTTP/2 is told that its version is the trouble. Absolute-form and authority-form are
 * for forward proxies: a target with a second host in it is refused.
 */
export function parseRequestLine(
  text: string,
  lineEnd: number,
  limits: HttpLimits,
): RequestLine | HttpProblemReason {
  const methodEnd = text.indexOf(' ')
  const targetEnd = lineEnd - VERSION_BYTES
  if (methodEnd < 0 || methodEnd > lineEnd) return 'request-line'
  if (methodEnd > limits.maxMethodBytes) return 'method-too-long'
  const method = readMethod(text, methodEnd)
  if (method === undefined) return 'method'

  if (targetEnd <= methodEnd || !text.startsWith(' HTTP/', targetEnd)) return 'request-line'
  const minor = readMinor(text, targetEnd + 6)
  if (typeof minor === 'string') return minor

  const problem = targetProblem(text, methodEnd + 1, targetEnd, method, limits.maxTargetBytes)
  return problem ?? { method, target: text.slice(methodEnd + 1, targetEnd), minor }
}

/** Whether the first line of a head that is too large is itself within the limits, its target above all. */
export function requestLineFits(text: string, limits: HttpLimits): boolean {
  const lineEnd = text.indexOf('\r\n')
  return lineEnd >= 0 && lineEnd <= limits.maxMethodBytes + 1 + limits.maxTargetBytes + VERSION_BYTES
}

function readMethod(text: string, end: number): string | undefined {
  // The two that nearly every request has, without a new string.
  if (end === 3 && text.startsWith('GET')) return 'GET'
  if (end === 4 && text.startsWith('POST')) return 'POST'
  const method = text.slice(0, end)
  return isToken(method) ? method : undefined
}

/** The minor version at `at` where `1.0` or `1.1` stands; 505 for other versions of HTTP, 400 for what is none. */
function readMinor(text: string, at: number): 0 | 1 | HttpProblemReason {
  const major = text.charCodeAt(at)
  const minor = text.charCodeAt(at + 2)
  if (text.charCodeAt(at + 1) !== 0x2e || !isDigit(major) || !isDigit(minor)) return 'request-line'
  if (major !== 0x31 || minor > 0x31) return 'version'
  return minor === 0x31 ? 1 : 0
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function targetProblem(
  text: string,
  start: number,
  end: number,
  method: string,
  maxTargetBytes: number,
): HttpProblemReason | undefined {
  if (end <= start) return 'request-line'
  if (end - start > maxTargetBytes) return 'target-too-long'
  if (method === 'CONNECT') return 'method-connect'
  if (isOriginForm(text, start, end)) return undefined
  // RFC 9112 §3.2.4: the asterisk is for OPTIONS alone.
  if (method === 'OPTIONS' && end - start === 1 && text.startsWith('*', start)) return undefined
  // A space in the target is a fourth word in the line.
  if (text.lastIndexOf(' ', end - 1) >= start) return 'request-line'
  return text.startsWith('/', start) ? 'target-character' : 'target-form'
}
