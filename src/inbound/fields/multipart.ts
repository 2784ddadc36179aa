import { createHash } from 'node:crypto'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Form } from './form.ts'
import { someReading, type DropName } from './name-readings.ts'
import { parsePartHead, type PartHead } from './part-head.ts'
import { textOf } from './percent.ts'

export type MultipartProblem =
  | 'multipart-preamble'
  | 'multipart-delimiter'
  | 'multipart-unfinished'
  | 'multipart-epilogue'
  | 'multipart-part'
  | 'multipart-too-many-parts'

/** No page has as many fields, and PHP reads as many; each costs an object here. */
const MAX_PARTS = 1000

/** Browsers write some 200 bytes, long file names included; more is no form. */
const MAX_PART_HEAD_BYTES = 8192

const CRLF = '\r\n'

/**
 * Reads `multipart/form-data` (RFC 7578, RFC 2046 §5.1) as browsers and libraries write it and no wider: wherever two
 * parsers could see different parts (a preamble or epilogue, a boundary in the middle of a line, bare line feeds,
 * padding), the body is refused. Takes time linear in the body.
 */
export function parseMultipart(
  body: Buffer,
  boundary: string,
  contentType: string,
): Result<Form, MultipartProblem> {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  if (body.indexOf(delimiter) !== 0) return err('multipart-preamble')
  const parts: Part[] = []
  let at = delimiter.length
  while (isCrlf(body, at)) {
    const start = at + 2
    const next = body.indexOf(delimiter, start)
    if (next === -1) return err('multipart-unfinished')
    if (next < start + 2 || !isCrlf(body, next - 2)) return err('multipart-delimiter')
    const part = partOf(body.subarray(start, next - 2))
    if (part === undefined) return err('multipart-part')
    if (parts.length === MAX_PARTS) return err('multipart-too-many-parts')
    parts.push(part)
    at = next + delimiter.length
  }
  const end = body.toString('latin1', at, at + 4)
  if (!end.startsWith('--')) return err(end === '' ? 'multipart-unfinished' : 'multipart-delimiter')
  if (end !== '--' && (end !== `--${CRLF}` || body.length !== at + 4)) return err('multipart-epilogue')
  return ok(new MultipartForm(parts, boundary, contentType, end.slice(2)))
}

function isCrlf(body: Buffer, at: number): boolean {
  return body[at] === 0x0d && body[at + 1] === 0x0a
}

/** One part without the delimiter lines around it. */
interface Part extends PartHead {
  /** Head, empty line and value. */
  readonly content: Buffer
  readonly valueStart: number
}

/** INVARIANT: `content` holds no delimiter. */
function partOf(content: Buffer): Part | undefined {
  const headEnd = content.subarray(0, MAX_PART_HEAD_BYTES).indexOf(CRLF + CRLF)
  if (headEnd === -1) return undefined
  const head = parsePartHead(content.toString('latin1', 0, headEnd))
  return head === undefined ? undefined : { ...head, content, valueStart: headEnd + 4 }
}

class MultipartForm implements Form {
  readonly contentType: string
  readonly #parts: readonly Part[]
  readonly #boundary: string
  /** What follows the closing delimiter: nothing, or an end of line. */
  readonly #end: string

  constructor(parts: readonly Part[], boundary: string, contentType: string, end: string) {
    this.contentType = contentType
    this.#parts = parts
    this.#boundary = boundary
    this.#end = end
  }

  /** INVARIANT: of an unchanged form this is the body, byte for byte, since the parser lets nothing else through. */
  get bytes(): Buffer {
    const open = Buffer.from(`--${this.#boundary}${CRLF}`, 'latin1')
    const endOfPart = Buffer.from(CRLF)
    const pieces = this.#parts.flatMap(({ content }) => [open, content, endOfPart])
    return Buffer.concat([...pieces, Buffer.from(`--${this.#boundary}--${this.#end}`, 'latin1')])
  }

  values(name: string): readonly string[] {
    return this.#parts
      .filter(({ rawName, isFile }) => !isFile && htmlName(rawName) === name)
      .map(({ content, valueStart }) => textOf(content.toString('latin1', valueStart)))
  }

  remove(drop: DropName): Form {
    const kept = this.#parts.filter(({ rawName }) => !someReading(rawName, drop))
    if (kept.length === this.#parts.length) return this
    return new MultipartForm(kept, this.#boundary, this.contentType, this.#end)
  }

  append(pairs: readonly string[]): Form {
    const added: Part[] = []
    for (let i = 0; i < pairs.length; i += 2) added.push(textPart(pairs[i] ?? '', pairs[i + 1] ?? ''))
    const parts = [...this.#parts, ...added]
    // The client chose the boundary, and who signs up as `\r\n--boundary…` chose the claim: a part must not end early.
    // Without the dashes, since there are parsers (undici's) that look for the bare boundary.
    if (!added.some(({ content }) => content.includes(this.#boundary))) {
      return new MultipartForm(parts, this.#boundary, this.contentType, this.#end)
    }
    const boundary = unforeseenBoundary(parts)
    return new MultipartForm(parts, boundary, `multipart/form-data; boundary=${boundary}`, this.#end)
  }
}

/** A text field as the HTML Standard writes it ("multipart/form-data encoding algorithm"). */
function textPart(name: string, value: string): Part {
  const rawName = Buffer.from(name, 'utf8')
    .toString('latin1')
    .replace(/["\r\n]/g, encodeURIComponent)
  const head = `Content-Disposition: form-data; name="${rawName}"${CRLF}${CRLF}`
  const content = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(value, 'utf8')])
  return { rawName, isFile: false, content, valueStart: head.length }
}

/** The name as browsers meant it: the three escapes of the HTML Standard undone. */
function htmlName(rawName: string): string {
  return textOf(rawName.includes('%') ? rawName.replace(/%(?:22|0D|0A)/g, decodeURIComponent) : rawName)
}

/** INVARIANT: nobody can write a text that holds the hash of itself. */
function unforeseenBoundary(parts: readonly Part[]): string {
  const hash = createHash('sha256')
  for (const { content } of parts) hash.update(content)
  return `claimgate-${hash.digest('hex')}`.slice(0, MAX_BOUNDARY_CHARS)
}

/** RFC 2046 §5.1.1. */
export const MAX_BOUNDARY_CHARS = 70
