import { err, ok, type Result } from '../kernel/result.ts'
import type { Complaint } from './terminal.ts'

/**
 * The first command of a text in POSIX sh, as its words: quotes, `$'…'`, backslashes, continued lines, comments. What
 * a pipe or a redirection does with the answer is left out. Nothing is expanded: a variable is a complaint, because its
 * value is not known here.
 */
export function shellWords(text: string): Result<string[], Complaint> {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < text.length) {
    if (endsCommand(text, at)) return ok(finished(words, word, text[at]))
    const problem = text[at] === '&' ? BACKGROUND : variableAt(text, at)
    if (problem !== undefined) return err(problem)
    const gap = gapAt(text, at, word === undefined)
    if (gap > at) {
      if (word !== undefined) words.push(word)
      word = undefined
      at = gap
      continue
    }
    const piece = pieceAt(text, at)
    if ('message' in piece) return err(piece)
    if (piece.text !== undefined) word = (word ?? '') + piece.text
    at = piece.end
  }
  return ok(finished(words, word, undefined))
}

interface Piece {
  /** Undefined where it adds nothing, not even an empty word. */
  readonly text: string | undefined
  readonly end: number
}

/** Whether what follows is another command, or says what becomes of the answer. */
function endsCommand(text: string, at: number): boolean {
  const char = text[at] ?? ''
  if (char === '&') return text[at + 1] === '&' || text.slice(at + 1).trim() === ''
  return '|;<>'.includes(char)
}

function finished(
  words: readonly string[],
  word: string | undefined,
  operator: string | undefined,
): string[] {
  // `2>` redirects: the number is no word.
  const isDescriptor = operator === '>' && word !== undefined && /^\d$/.test(word)
  return word === undefined || isDescriptor ? [...words] : [...words, word]
}

const BACKGROUND: Complaint = {
  message: 'an unquoted `&` ends the command in a shell',
  hint: 'put the address into quotes',
}
const NO_END: Complaint = { message: 'a quote has no end', hint: 'paste the whole command' }

const VARIABLE = /^\$(?:[A-Za-z_]\w{0,40}|\{[^}]{0,40}\}|\()/

function variableAt(text: string, at: number): Complaint | undefined {
  const char = text[at] ?? ''
  const variable = char === '$' ? VARIABLE.exec(text.slice(at, at + 50))?.[0] : char === '`' ? '`' : undefined
  if (variable === undefined) return undefined
  const what =
    variable === '`' || variable === '$(' ? 'what a command prints' : `the value of \`${variable}\``
  return { message: `${what} is not known here`, hint: 'write the value itself into the command' }
}

/** Behind the white space or comment at `at`. */
function gapAt(text: string, at: number, betweenWords: boolean): number {
  if (text[at] === '#' && betweenWords) {
    const end = text.indexOf('\n', at)
    return end === -1 ? text.length : end
  }
  return /\s/.test(text[at] ?? '') ? at + 1 : at
}

function pieceAt(text: string, at: number): Piece | Complaint {
  const [char = '', next = ''] = [text[at], text[at + 1]]
  if (char === "'") return quoted(text, at + 1, "'", literally)
  if (char === '"') return quoted(text, at + 1, '"', inDoubleQuotes)
  if (char === '$' && next === "'") return quoted(text, at + 2, "'", inAnsiC)
  if (char !== '\\') return { text: char, end: at + 1 }
  // A backslash at the end of a line joins it to the next, with no word between.
  const newline = /^\r?\n/.exec(text.slice(at + 1, at + 3))?.[0]
  return newline === undefined
    ? { text: next, end: at + 2 }
    : { text: undefined, end: at + 1 + newline.length }
}

/** Reads what a backslash and the characters after it stand for. */
type Escape = (text: string, backslash: number) => { readonly text: string; readonly end: number }

function quoted(text: string, from: number, quote: string, escape: Escape): Piece | Complaint {
  let whole = ''
  let at = from
  while (at < text.length) {
    const char = text[at] ?? ''
    if (char === quote) return { text: whole, end: at + 1 }
    const variable = quote === '"' ? variableAt(text, at) : undefined
    if (variable !== undefined) return variable
    const read = char === '\\' ? escape(text, at) : { text: char, end: at + 1 }
    whole += read.text
    at = read.end
  }
  return NO_END
}

const literally: Escape = (_, at) => ({ text: '\\', end: at + 1 })

const inDoubleQuotes: Escape = (text, at) => {
  const next = text[at + 1] ?? ''
  if (next === '\n') return { text: '', end: at + 2 }
  return '"\\$`'.includes(next) ? { text: next, end: at + 2 } : { text: '\\', end: at + 1 }
}

const ANSI_C: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** Browsers write `\u0021` (Chrome) and `\x21` (Firefox) for what a shell might take amiss. */
const ANSI_C_NUMBER = /^\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U(0{0,3}[0-9A-Fa-f]{1,5})|([0-7]{1,3}))/

const inAnsiC: Escape = (text, at) => {
  const number = ANSI_C_NUMBER.exec(text.slice(at, at + 10))
  if (number !== null) {
    const [whole, x, u, long, octal] = number
    const code = octal === undefined ? parseInt(x ?? u ?? long ?? '0', 16) : parseInt(octal, 8)
    return { text: String.fromCodePoint(code), end: at + whole.length }
  }
  const next = text[at + 1] ?? ''
  return { text: ANSI_C[next] ?? next, end: at + 2 }
}
