import { refuse, type Refusal } from '../../errors/refusal.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { hasAlias, headerValues } from './headers.ts'
import { parseMediaType, type MediaType } from './media-type.ts'
import { MAX_BOUNDARY_CHARS, parseMultipart, type MultipartProblem } from './multipart.ts'
import type { DropName } from './name-readings.ts'
import { appendPairs, hasTooManyPairs, queryValues, removePairs } from './query.ts'

/** The form in a body. It does not change: `remove` and `append` give another one. */
export interface Form {
  /** The body; what was not removed is byte for byte what came. */
  readonly bytes: Buffer
  /** The Content-Type that belongs to `bytes`. */
  readonly contentType: string
  /** The text values of every field of exactly that name, in order. */
  values(name: string): readonly string[]
  /** Without the fields whose name is dropped in some reading. */
  remove(drop: DropName): Form
  /** With text fields after the others, names and values in turn. */
  append(pairs: readonly string[]): Form
}

/** A kind of form, as the head of a request announces it. */
export type FormType =
  | { readonly kind: 'urlencoded'; readonly contentType: string }
  | { readonly kind: 'multipart'; readonly contentType: string; readonly boundary: string }

type FormReason =
  | MultipartProblem
  | 'form-content-type'
  | 'form-content-encoding'
  | 'form-charset'
  | 'form-boundary'
  | 'form-too-many-fields'

const DETAILS: Readonly<Record<FormReason, string>> = {
  'form-content-type':
    'the Content-Type looks like a form and is malformed, repeated, or of a kind that servers read differently',
  'form-too-many-fields': 'the form has too many fields',
  'form-content-encoding': 'the form is compressed; the gateway reads forms as they are',
  'form-charset': 'the form is in a charset other than UTF-8, US-ASCII or ISO-8859-1',
  'form-boundary': 'the boundary of the multipart form is missing or not one of RFC 2046',
  'multipart-preamble': 'the multipart form does not begin with its boundary',
  'multipart-delimiter': 'the boundary of the multipart form stands where it is no delimiter line',
  'multipart-unfinished': 'the multipart form has no closing boundary',
  'multipart-epilogue': 'something follows the closing boundary of the multipart form',
  'multipart-part': 'a part of the multipart form has a head that is malformed or can be read in two ways',
  'multipart-too-many-parts': 'the multipart form has too many parts',
}

/** Content types that some server reads as a form, however they are written. */
const SUSPECT = /form-urlencoded|multipart/i

/** A Content-Type without a type, whatever its parameters are. */
const TYPELESS = /^[ \t]*(?:[;,]|$)/

const NO_TYPE = 'the body has no Content-Type, which some servers read as a form'

/**
 * What kind of form the fields of a request announce; undefined for no form. A Content-Type that only some servers
 * take for a form is refused: what the gateway does not strip there, they would read. So is a body without any, which
 * Rack and CGI.pm read as a form, and a `Content_Type`, which is `CONTENT_TYPE` to CGI and its like.
 */
export function formType(headers: readonly string[]): Result<FormType | undefined, Refusal> {
  if (hasAlias(headers, 'content-type')) return refused('form-content-type')
  const contentTypes = headerValues(headers, 'content-type')
  const isTypeless = contentTypes.length === 0 || contentTypes.some((value) => TYPELESS.test(value))
  if (isTypeless && hasBody(headers)) return refused('form-content-type', NO_TYPE)
  if (!contentTypes.some((value) => SUSPECT.test(value))) return ok(undefined)
  const contentType = contentTypes[0] ?? ''
  const media = contentTypes.length === 1 ? parseMediaType(contentType) : undefined
  if (media === undefined) return refused('form-content-type')
  const isEncoded = !headerValues(headers, 'content-encoding').every(isIdentity)
  if (isEncoded || hasAlias(headers, 'content-encoding')) return refused('form-content-encoding')
  switch (media.type) {
    case 'application/x-www-form-urlencoded':
      return checkParameters(media, []) ?? ok({ kind: 'urlencoded', contentType })
    case 'multipart/form-data':
      return checkParameters(media, ['boundary']) ?? multipart(media, contentType)
    default:
      return refused('form-content-type')
  }
}

/** Whether the framing announces a body (RFC 9112 §6.3). A chunked one may turn out empty: that is not known yet. */
function hasBody(headers: readonly string[]): boolean {
  if (headerValues(headers, 'transfer-encoding').length > 0) return true
  return headerValues(headers, 'content-length').some((length) => !/^[ \t]*0+[ \t]*$/.test(length))
}

/** Reads the body that `formType` announced. */
export function parseForm(type: FormType, body: Buffer): Result<Form, Refusal> {
  if (type.kind === 'urlencoded') {
    const pairs = body.toString('latin1')
    if (hasTooManyPairs(pairs)) return refused('form-too-many-fields')
    return ok(new UrlencodedForm(pairs, type.contentType))
  }
  const form = parseMultipart(body, type.boundary, type.contentType)
  return form.ok ? form : refused(form.error)
}

/** The body is kept as a string of one character per byte. */
class UrlencodedForm implements Form {
  readonly contentType: string
  readonly #pairs: string

  constructor(pairs: string, contentType: string) {
    this.#pairs = pairs
    this.contentType = contentType
  }

  get bytes(): Buffer {
    return Buffer.from(this.#pairs, 'latin1')
  }

  values(name: string): readonly string[] {
    return queryValues(this.#pairs, name)
  }

  remove(drop: DropName): Form {
    const kept = removePairs(this.#pairs, drop)
    return kept === this.#pairs ? this : new UrlencodedForm(kept, this.contentType)
  }

  append(pairs: readonly string[]): Form {
    return new UrlencodedForm(appendPairs(this.#pairs, pairs), this.contentType)
  }
}

/** Charsets in which ASCII is itself; UTF-7, UTF-16 or EBCDIC would hide names from the gateway. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'iso-8859-1'])

/** RFC 2046 §5.1.1 without the space, which few parsers allow. */
const BOUNDARY = /^[\w'()+,./:=?-]+$/

function multipart({ parameters }: MediaType, contentType: string): Result<FormType, Refusal> {
  const boundary = parameters.get('boundary') ?? ''
  if (boundary.length > MAX_BOUNDARY_CHARS || !BOUNDARY.test(boundary)) return refused('form-boundary')
  return ok({ kind: 'multipart', contentType, boundary })
}

function checkParameters(
  { parameters }: MediaType,
  known: readonly string[],
): Result<never, Refusal> | undefined {
  for (const [name, value] of parameters) {
    if (name === 'charset' && !CHARSETS.has(value.toLowerCase())) return refused('form-charset')
    if (name !== 'charset' && !known.includes(name)) return refused('form-content-type')
  }
  return undefined
}

function isIdentity(coding: string): boolean {
  return /^[ \t]*identity[ \t]*$/i.test(coding)
}

function refused(reason: FormReason, detail = DETAILS[reason]): Result<never, Refusal> {
  return err(refuse('GW_REQUEST_FORM', reason, { detail }))
}
