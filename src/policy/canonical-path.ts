import { err, ok, type Result } from '../kernel/result.ts'
import {
  isPathCharacter,
  isUnreserved,
  normalizeEscapes,
  octetAt,
  type EscapeProblem,
} from './path-escapes.ts'

export interface PathOptions {
  /** `//` → `/`. */
  readonly mergeSlashes: boolean
  /** `%2f` and `%5c`: refused, or kept as data of their segment. */
  readonly encodedSlashes: 'refuse' | 'keep'
}

/** Why a path was refused. `detail` is a sentence for the operator that holds nothing of the path. */
export interface PathProblem {
  readonly reason: PathReason
  readonly detail: string
}

export type PathReason =
  | EscapeProblem
  | 'relative-path'
  | 'above-root'
  | 'encoded-slash'
  | 'double-encoding'
  | 'overlong-encoding'
  | 'dot-segment-parameter'
  | 'dot-segment-encoded-slash'

const DETAILS: Readonly<Record<PathReason, string>> = {
  'relative-path': 'the path does not start with `/`',
  'forbidden-character':
    'the path holds a character that must be percent-encoded, or `#`, `?` or a backslash',
  'malformed-escape': 'the path holds a `%` without two hexadecimal digits',
  'encoded-control': 'the path holds an encoded control character such as `%00`',
  'above-root': 'the path climbs above its root with `..`',
  'encoded-slash': 'the path holds `%2F` or `%5C`; `encodedSlashes: keep` lets them through as data',
  'double-encoding':
    'the path is percent-encoded twice, and a backend that decodes twice would see another path',
  'overlong-encoding': 'the path holds an overlong UTF-8 form of a character that has a meaning in paths',
  'dot-segment-parameter':
    'the path holds `.` or `..` with a path parameter, which some servers take for the bare dots',
  'dot-segment-encoded-slash': 'the path holds `.` or `..` beside an encoded slash',
}

const SLASH = 0x2f
const DOT = 0x2e
const PERCENT = 0x25
const SEMICOLON = 0x3b

/**
 * The one path that is matched and forwarded: dot segments resolved (RFC 3986 §5.2.4) after unreserved escapes are
 * decoded, escapes in one spelling, slashes merged if so configured. Whatever gateway and backend might read in two
 * ways is refused. A canonical path is its own canonical path, and is returned without being copied.
 */
export function canonicalPath(raw: string, options: PathOptions): Result<string, PathProblem> {
  if (isCanonical(raw, options.mergeSlashes)) return ok(raw)
  if (raw.charCodeAt(0) !== SLASH) return refused('relative-path')
  const normal = normalizeEscapes(raw)
  if (!normal.ok) return refused(normal.error)
  const doubt = doubtfulEscape(normal.value, options)
  return doubt === undefined ? resolveSegments(normal.value, options) : refused(doubt)
}

/** Whether nothing needs a second look: almost every request. False says only that one is needed. */
function isCanonical(raw: string, mergeSlashes: boolean): boolean {
  if (raw.charCodeAt(0) !== SLASH) return false
  let segmentStart = 1
  for (let i = 1; i < raw.length; i++) {
    const code = raw.charCodeAt(i)
    if (code === SLASH) {
      if (mergeSlashes && segmentStart === i) return false
      segmentStart = i + 1
    } else if (code === DOT) {
      if (segmentStart === i && !startsName(raw, i + 1)) return false
    } else if (code === PERCENT || !isPathCharacter(code)) {
      return false
    }
  }
  return true
}

/** Whether what follows a segment's first dot makes it a name such as `.well-known`. */
function startsName(raw: string, at: number): boolean {
  const code = raw.charCodeAt(at)
  return code !== DOT && isUnreserved(code)
}

/** A `.`, `/`, `\`, `%`, `;` or NUL in more bytes than UTF-8 gives it (RFC 3629 §10), which lax decoders still read. */
const OVERLONG =
  /%C0%(?:80|A5|AE|AF|BB)|%C1%9C|%E0%80%(?:80|A5|AE|AF|BB)|%E0%81%9C|%F0%80%80%(?:80|A5|AE|AF|BB)|%F0%80%81%9C/

function doubtfulEscape(path: string, options: PathOptions): PathReason | undefined {
  for (let i = path.indexOf('%'); i !== -1; i = path.indexOf('%', i + 3)) {
    const octet = octetAt(path, i + 1)
    if ((octet === SLASH || octet === 0x5c) && options.encodedSlashes === 'refuse') return 'encoded-slash'
    if (octet === PERCENT && isDoubtfulTwice(octetAt(path, i + 3))) return 'double-encoding'
  }
  return OVERLONG.test(path) ? 'overlong-encoding' : undefined
}

/**
 * Whether an octet that appears when a path is decoded twice could change what the path means. `%` stands for every
 * deeper encoding; letters and digits are there because `%2561dmin` is `admin` to a backend that decodes twice.
 */
function isDoubtfulTwice(octet: number): boolean {
  if (octet < 0) return false
  if (octet < 0x20 || octet === 0x7f) return true
  return isUnreserved(octet) || octet === SLASH || octet === 0x5c || octet === PERCENT || octet === SEMICOLON
}

function resolveSegments(path: string, { mergeSlashes }: PathOptions): Result<string, PathProblem> {
  const segments = path.split('/')
  const last = segments.length - 1
  const kept: string[] = []
  for (let i = 1; i <= last; i++) {
    const segment = segments[i] ?? ''
    const doubt = segment.includes('%') || segment.includes(';') ? doubtfulDots(segment) : undefined
    if (doubt !== undefined) return refused(doubt)
    if (segment === '..' && kept.pop() === undefined) return refused('above-root')
    const isDots = segment === '.' || segment === '..'
    if (i === last) kept.push(isDots ? '' : segment)
    else if (!isDots && (segment !== '' || !mergeSlashes)) kept.push(segment)
  }
  return ok(`/${kept.join('/')}`)
}

/** `..;x` is `..` to Tomcat, and `..%2Fx` is `../x` to who decodes first. */
const DOTS_PARAMETER = /^\.\.?(?:;|%3B)/
const ENCODED_SLASH = /%2F|%5C/

function doubtfulDots(segment: string): PathReason | undefined {
  if (DOTS_PARAMETER.test(segment)) return 'dot-segment-parameter'
  if (!ENCODED_SLASH.test(segment)) return undefined
  const isDots = (piece: string): boolean => piece === '.' || piece === '..' || DOTS_PARAMETER.test(piece)
  return segment.split(ENCODED_SLASH).some(isDots) ? 'dot-segment-encoded-slash' : undefined
}

function refused(reason: PathReason): Result<never, PathProblem> {
  return err({ reason, detail: DETAILS[reason] })
}
