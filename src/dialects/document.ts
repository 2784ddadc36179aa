import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  YAMLParseError,
} from 'yaml'
import type { Document } from 'yaml'
import type { Problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { syntaxMessage } from './syntax-message.ts'

export type Path = readonly (string | number)[]

/** One YAML or JSON document, its plain value, and the line of each of its nodes. */
export interface SourceDocument {
  readonly file: string
  readonly value: unknown
  /** The line of the node at `path`, or of its nearest ancestor that exists; from 1. */
  line(path: Path): number
  /** The line of one character of the text at `path`; the node's own line where the two cannot be told apart. */
  lineInText(path: Path, offset: number): number
  /** Where everything that is found wrong with it is gathered. */
  readonly problems: Problem[]
}

/** 4 MiB hold tens of thousands of rules; more is a mistake or an attack on the parser. */
const MAX_CHARS = 4 * 1024 * 1024
/** The YAML parser spends seconds on a hundred thousand brackets; no configuration nests a hundred deep. */
const MAX_DEPTH = 100
/** Enough for a person's anchors; exponential growth is cut off by the parser's own count of expansions. */
const MAX_ALIASES = 100
/** A bundle of resources has tens; the parser spends ten microseconds on each separator. */
const MAX_DOCUMENTS = 1000
/** One slip makes the rest of a file look wrong: what comes after the first few errors helps nobody. */
const MAX_SYNTAX_ERRORS = 10

/**
 * Reads the documents of one file (JSON is YAML 1.2). Syntax errors become problems with their lines, and a document
 * that has one is left out. Never throws, and no message holds text of a value.
 */
export function readDocuments(file: string, text: string, problems: Problem[]): SourceDocument[] {
  const refusal = refuseUnread(text)
  if (refusal !== undefined) {
    problems.push({ severity: 'error', file, line: 1, ...refusal })
    return []
  }
  const lines = new LineCounter()
  return parseText(text, lines).flatMap((document) => {
    checkUniqueNames(document)
    const place = (offset: number) => ({ file, line: lines.linePos(offset).line })
    for (const { pos, code } of document.errors.slice(0, MAX_SYNTAX_ERRORS)) {
      problems.push({ severity: 'error', ...place(pos[0]), ...syntaxMessage(code) })
    }
    for (const { pos } of document.warnings.slice(0, MAX_SYNTAX_ERRORS)) {
      problems.push({ severity: 'warning', ...place(pos[0]), message: 'a tag that means nothing here' })
    }
    const value = document.errors.length > 0 ? undefined : plainValue(document, file, problems)
    return value === undefined ? [] : [new YamlDocument(file, value, document, lines, problems)]
  })
}

class YamlDocument implements SourceDocument {
  readonly file: string
  readonly value: unknown
  readonly problems: Problem[]
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(
    file: string,
    value: unknown,
    document: Document.Parsed,
    lines: LineCounter,
    problems: Problem[],
  ) {
    this.file = file
    this.value = value
    this.#document = document
    this.#lines = lines
    this.problems = problems
  }

  line(path: Path): number {
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#offset(path.slice(0, length))
      if (offset !== undefined) return this.#lines.linePos(offset).line
    }
    return 1
  }

  lineInText(path: Path, offset: number): number {
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true)
    // In a literal block alone, each line of the value is one line of the file, below the line of its `|`.
    if (!isScalar(node) || node.type !== 'BLOCK_LITERAL' || !node.range) return this.line(path)
    const before = String(node.value).slice(0, offset)
    return this.#lines.linePos(node.range[0]).line + before.split('\n').length
  }

  /** Where the key of a member stands, or the item of a list: the place that a person looks for. */
  #offset(path: Path): number | undefined {
    const last = path.at(-1)
    if (last === undefined) return this.#document.contents?.range[0]
    const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true)
    if (!isCollection(parent)) return undefined
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last)
      return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    }
    const node = parent.get(last, true)
    return isNode(node) && !isAlias(node) ? node.range?.[0] : undefined
  }
}

function refuseUnread(text: string): { readonly message: string; readonly hint: string } | undefined {
  if (text.length > MAX_CHARS) {
    return {
      message: `the file is larger than ${MAX_CHARS / 1024 / 1024} MiB`,
      hint: 'split it into several files',
    }
  }
  if (nestsTooDeep(text)) {
    return { message: `the file nests deeper than ${MAX_DEPTH} levels`, hint: 'is it the right file?' }
  }
  if (text.split('\n---', MAX_DOCUMENTS + 1).length > MAX_DOCUMENTS) {
    return {
      message: `the file holds more than ${MAX_DOCUMENTS} documents`,
      hint: 'split it into several files',
    }
  }
  return undefined
}

function parseText(text: string, lineCounter: LineCounter): Document.Parsed[] {
  // The parser's own search for equal names is quadratic; `checkUniqueNames` is not.
  const options = { lineCounter, prettyErrors: false, stringKeys: true, uniqueKeys: false }
  const documents = parseAllDocuments(text, options)
  return Array.isArray(documents) ? [...documents] : []
}

/** Two readers of one document may choose different ones of two equal names, so that neither is right. */
function checkUniqueNames(document: Document.Parsed): void {
  if (document.errors.length > 0) return
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
        if (seen.has(name)) document.errors.push(new YAMLParseError([offset, offset], 'DUPLICATE_KEY', ''))
        seen.add(name)
      }
    },
  })
}

function plainValue(document: Document.Parsed, file: string, problems: Problem[]): unknown {
  const value = expanded(document)
  if (value.ok && !holdsItself(value.value, new Set(), new Set())) return value.value ?? undefined
  const message = 'aliases expand to too much, to nothing, or to themselves'
  problems.push({ severity: 'error', file, line: 1, message, hint: 'write the values out' })
  return undefined
}

function expanded(document: Document.Parsed): Result<unknown, undefined> {
  try {
    return ok(document.toJS({ maxAliasCount: MAX_ALIASES }))
  } catch {
    return err(undefined)
  }
}

/** `a: &a [*a]` is YAML, and no reader of it would ever come to an end. */
function holdsItself(value: unknown, above: Set<unknown>, done: Set<unknown>): boolean {
  if (typeof value !== 'object' || value === null || done.has(value)) return false
  if (above.has(value)) return true
  above.add(value)
  const found = Object.values(value).some((member) => holdsItself(member, above, done))
  above.delete(value)
  done.add(value)
  return found
}

/** Counts brackets, and the levels that indentation and `- - -` can open, without reading the text. */
function nestsTooDeep(text: string): boolean {
  let brackets = 0
  let indicators = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) brackets++
    else if (code === 0x5d || code === 0x7d) brackets = Math.max(0, brackets - 1)
    else if (code === 0x0a) indicators = 0
    else if ((code === 0x2d || code === 0x3f) && text.charCodeAt(i + 1) === 0x20) indicators++
    if (brackets > MAX_DEPTH || indicators > MAX_DEPTH) return true
  }
  return false
}
