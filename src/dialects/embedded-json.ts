import { parseJson } from '../kernel/json.ts'
import type { Problem } from '../errors/problem.ts'
import { brokenValue } from './broken-value.ts'
import { readDocuments, type Path, type SourceDocument } from './document.ts'
import { SourceNode } from './source-node.ts'

/**
 * Reads the JSON text that stands as a string inside another document (Function Compute's `authConfig`, a pasted
 * `jwks`). Strict JSON: no duplicate names, no trailing text. Undefined after an error on the line it is about.
 */
export function embeddedJson(node: SourceNode, text: string): SourceNode | undefined {
  const parsed = parseJson(text, { maxDepth: 32, maxLength: MAX_LENGTH })
  if (parsed.ok) {
    // Checked above; read again into plain objects, so that all dialects see one kind of value.
    const value: unknown = JSON.parse(text)
    return SourceNode.root(new EmbeddedDocument(node, text, value))
  }
  const { message, offset } = parsed.error
  const broken = brokenString(text, offset)
  const name = node.name === '' ? 'the text' : `\`${node.name}\``
  if (broken !== undefined) node.errorInText(offset, ...brokenValue(broken.member, broken.kid))
  else if (text.includes('-----BEGIN '))
    node.error(`${name} is PEM, not JSON`, 'give PEM as `pem` or `pemFile`')
  else node.errorInText(offset, `${name} is not valid JSON: ${message}`)
  return undefined
}

/** A key set of a hundred keys has some 100 KiB. */
const MAX_LENGTH = 1024 * 1024

/** JSON inside a string. Lines are those of the file where the string is a literal block, else of the string. */
class EmbeddedDocument implements SourceDocument {
  readonly file: string
  readonly value: unknown
  readonly problems: Problem[]
  readonly #outer: SourceNode
  readonly #text: string
  #inner: SourceDocument | undefined

  constructor(outer: SourceNode, text: string, value: unknown) {
    this.file = outer.document.file
    this.value = value
    this.problems = outer.document.problems
    this.#outer = outer
    this.#text = text
  }

  line(path: Path): number {
    this.#inner ??= readDocuments(this.file, this.#text, [])[0]
    const offset = startOfLine(this.#text, this.#inner?.line(path) ?? 1)
    return this.#outer.document.lineInText(this.#outer.path, offset)
  }

  lineInText(path: Path): number {
    return this.line(path)
  }
}

function startOfLine(text: string, line: number): number {
  let offset = 0
  for (let i = 1; i < line; i++) offset = text.indexOf('\n', offset) + 1
  return offset
}

/** Whether `offset` is a line break in the value of a member, and then of which member of which key. */
function brokenString(text: string, offset: number): { member: string; kid: string | undefined } | undefined {
  if (text[offset] !== '\n' && text[offset] !== '\r') return undefined
  const start = text.lastIndexOf('"', offset)
  const member = /"([^"\\]{1,64})"\s{0,100}:\s{0,100}$/.exec(text.slice(Math.max(0, start - 300), start))?.[1]
  if (member === undefined) return undefined
  // A JWK holds no objects, so that the braces around the value are the key's own.
  const key = text.slice(text.lastIndexOf('{', start) + 1, endOr(text.indexOf('}', offset), text.length))
  return { member, kid: /"kid"\s{0,100}:\s{0,100}"([^"\\]{0,1000})"/.exec(key)?.[1] }
}

function endOr(index: number, otherwise: number): number {
  return index < 0 ? otherwise : index
}
