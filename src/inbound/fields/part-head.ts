import { parseMediaType } from './media-type.ts'

/** What the head of one part says, as far as a gateway needs it. */
export interface PartHead {
  /** The name as it came, one character per byte. */
  readonly rawName: string
  readonly isFile: boolean
}

const FIELD = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/

/** A control character, a bare CR or LF among them; a tab is none. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/

/**
 * Reads the lines between a delimiter and the empty line (RFC 7578 §4.2), or undefined where some reader could take
 * them for another name: folded lines, a second Content-Disposition, an encoding, a multipart inside.
 */
export function parsePartHead(text: string): PartHead | undefined {
  let disposition: string | undefined
  for (const line of text.split('\r\n')) {
    const field = CONTROL.test(line) ? null : FIELD.exec(line)
    const value = field?.[2] ?? ''
    switch (field?.[1]?.toLowerCase()) {
      case undefined:
        return undefined
      case 'content-disposition':
        if (disposition !== undefined) return undefined
        disposition = value
        break
      case 'content-type':
        if (!isPlainType(value)) return undefined
        break
      case 'content-transfer-encoding':
        // Base64 and its like were taken out by RFC 7578 §4.7; who still decodes them sees another value.
        if (!/^(?:7bit|8bit|binary)[ \t]*$/i.test(value)) return undefined
        break
    }
  }
  return disposition === undefined ? undefined : parseDisposition(disposition)
}

function isPlainType(value: string): boolean {
  return !/^\s*multipart\b/i.test(value) && (value.trim() === '' || parseMediaType(value) !== undefined)
}

/** One parameter. A backslash before a quote ends the string for browsers (HTML Standard), not for RFC 2183: refused. */
const PARAMETER =
  // oxlint-disable-next-line no-control-regex -- control characters are what the grammar excludes
  /;[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\\u0000-\u001f\u007f]|\\(?!"))*)"|([\w!#$%&'+.^`|~-]+))[ \t]*/y

const TYPE = /^form-data[ \t]*/i

const KNOWN: ReadonlySet<string> = new Set(['name', 'filename', 'filename*'])

/**
 * `form-data; name="…"` and perhaps `filename` and `filename*`. Nothing else, nothing twice, and a name that every
 * reader takes alike: `name*`, backslashes and the encoded words of RFC 2047 are refused.
 */
function parseDisposition(text: string): PartHead | undefined {
  const parameters = parametersOf(text)
  const rawName = parameters?.get('name')
  if (parameters === undefined || rawName === undefined || /\\|=\?/.test(rawName)) return undefined
  return { rawName, isFile: parameters.has('filename') || parameters.has('filename*') }
}

function parametersOf(text: string): ReadonlyMap<string, string> | undefined {
  const type = TYPE.exec(text)?.[0]
  if (type === undefined) return undefined
  const parameters = new Map<string, string>()
  for (PARAMETER.lastIndex = type.length; PARAMETER.lastIndex < text.length;) {
    const match = PARAMETER.exec(text)
    const name = match?.[1]?.toLowerCase() ?? ''
    if (match === null || parameters.has(name) || !KNOWN.has(name)) return undefined
    parameters.set(name, match[2] ?? match[3] ?? '')
  }
  return parameters
}
