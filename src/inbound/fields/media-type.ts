export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly type: string
  /** By lower-case name; values keep their case. */
  readonly parameters: ReadonlyMap<string, string>
}

const TYPE = /[ \t]*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)[ \t]*/y

/** One parameter, or the empty one that RFC 9110 §5.6.6 allows. A backslash is read in too many ways to be let in. */
const PARAMETER =
  // oxlint-disable-next-line no-control-regex -- control characters are what the grammar excludes
  /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"([^"\\\u0000-\u001f\u007f]*)"))?[ \t]*/y

/** Reads a Content-Type (RFC 9110 §8.3.1), or undefined where it is malformed or repeats a parameter. */
export function parseMediaType(text: string): MediaType | undefined {
  TYPE.lastIndex = 0
  const type = TYPE.exec(text)?.[1]
  if (type === undefined) return undefined
  const parameters = new Map<string, string>()
  let at = TYPE.lastIndex
  while (at < text.length) {
    PARAMETER.lastIndex = at
    const match = PARAMETER.exec(text)
    if (match === null) return undefined
    at = PARAMETER.lastIndex
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue
    if (parameters.has(name)) return undefined
    parameters.set(name, match[2] ?? match[3] ?? '')
  }
  return { type: type.toLowerCase(), parameters }
}
