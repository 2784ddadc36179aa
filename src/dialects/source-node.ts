import type { Origin, Problem } from '../errors/problem.ts'
import type { Path, SourceDocument } from './document.ts'
import { suggestion } from './suggestion.ts'

/** A value of a configuration together with the place where it stands, for the dialects that are read as they are. */
export class SourceNode {
  readonly document: SourceDocument
  readonly path: Path
  readonly value: unknown

  constructor(document: SourceDocument, path: Path, value: unknown) {
    this.document = document
    this.path = path
    this.value = value
  }

  static root(document: SourceDocument): SourceNode {
    return new SourceNode(document, [], document.value)
  }

  get origin(): Origin {
    return { file: this.document.file, line: this.document.line(this.path) }
  }

  /** The name or index under which it stands; empty for a whole document. */
  get name(): string {
    return String(this.path.at(-1) ?? '')
  }

  error(message: string, hint?: string): void {
    this.#report('error', message, hint)
  }

  warning(message: string, hint?: string): void {
    this.#report('warning', message, hint)
  }

  /** An error about one character of the text that this value is. */
  errorInText(offset: number, message: string, hint?: string): void {
    this.#report('error', message, hint, this.document.lineInText(this.path, offset))
  }

  /** The members of an object, none for every other value. A member that is null counts as not written. */
  members(): readonly SourceNode[] {
    if (!isObject(this.value)) return []
    return Object.entries(this.value)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => new SourceNode(this.document, [...this.path, name], value))
  }

  /** The names of the members that are null. */
  emptyMembers(): readonly string[] {
    if (!isObject(this.value)) return []
    return Object.entries(this.value).flatMap(([name, value]) => (value === null ? [name] : []))
  }

  /** The items of a list, none for every other value. */
  items(): readonly SourceNode[] {
    if (!Array.isArray(this.value)) return []
    return this.value.map(
      (item: unknown, index) => new SourceNode(this.document, [...this.path, index], item),
    )
  }

  /**
   * The member of this name in any spelling (`jwks`, `JWKS`; `authType`, `AuthType`, `auth_type`). Two spellings in one
   * object are an error, because nobody can say which counts.
   */
  find(name: string): SourceNode | undefined {
    const wanted = bareName(name)
    const found = this.members().filter((member) => bareName(member.name) === wanted)
    const [first, second] = found
    if (second !== undefined) second.error(`\`${second.name}\` and \`${first?.name}\` are the same setting`)
    return first
  }

  /**
   * Warns of every member that has none of these names in any spelling. Where one was probably meant to be one of `vital`,
   * without which somebody is let in, it is an error.
   */
  warnOfOthers(known: readonly string[], vital: readonly string[] = []): void {
    const bare = new Set(known.map(bareName))
    for (const member of this.members()) {
      if (bare.has(bareName(member.name))) continue
      const meant = suggestion(member.name, known)
      const message = `\`${member.name}\` is not read`
      if (meant === undefined)
        member.warning(message, 'it changes nothing here; leave it out if that is fine')
      else if (vital.includes(meant)) member.error(message, `is \`${meant}\` meant?`)
      else member.warning(message, `is \`${meant}\` meant?`)
    }
  }

  /** The text, or undefined after an error. */
  text(): string | undefined {
    if (typeof this.value === 'string') return this.value
    this.error(`\`${this.name}\` must be text`, 'put the value in quotes')
    return undefined
  }

  /** A text, number, true or false as text; empty for all else. For words of a list, where casing and quotes may differ. */
  word(): string {
    const { value } = this
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
  }

  /** True or false, as themselves or, with a warning, as text; undefined after an error. */
  flag(): boolean | undefined {
    const { value } = this
    if (value === true || value === false) return value
    if (value === 'true' || value === 'false') {
      this.warning(
        `\`${this.name}\` is the text \`${value}\`, which is read as what it says`,
        'leave the quotes out',
      )
      return value === 'true'
    }
    this.error(`\`${this.name}\` must be true or false`)
    return undefined
  }

  isObject(): boolean {
    return isObject(this.value)
  }

  isList(): boolean {
    return Array.isArray(this.value)
  }

  #report(severity: Problem['severity'], message: string, hint: string | undefined, line?: number): void {
    const { file } = this.document
    const problem = { severity, file, line: line ?? this.document.line(this.path), message }
    this.document.problems.push(hint === undefined ? problem : { ...problem, hint })
  }
}

/** Letters and digits alone, in lower case: what all spellings of one setting have in common. */
export function bareName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
