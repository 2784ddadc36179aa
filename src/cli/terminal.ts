import { styleText } from 'node:util'

/** The terminal, as an argument: commands write here and end with an exit code. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Everything that comes in from the standard input, for `-` in the place of a value. */
  input(): Promise<string>
  readonly colour: boolean
  /** For `${NAME}` in a configuration. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * 0 fine; 1 refused, or a configuration with errors; 2 the command was used wrongly, or its question has no answer;
 * 70 a bug.
 */
export type ExitCode = 0 | 1 | 2 | 70

/** What is wrong, and what can be done about it. */
export interface Complaint {
  readonly message: string
  readonly hint?: string
}

/** Something that a command cannot go on without; the message and the way out of it are different lines. */
export function printError(terminal: Terminal, message: string, hint?: string): void {
  terminal.err(`${paint(terminal, 'red', 'error:')} ${message}\n`)
  if (hint !== undefined) terminal.err(`${paint(terminal, 'cyan', 'hint:')} ${hint}\n`)
}

/** Something that works and should not stay as it is. */
export function printWarning(terminal: Terminal, message: string, hint: string): void {
  terminal.err(`${paint(terminal, 'yellow', 'warning:')} ${message}\n`)
  terminal.err(`${paint(terminal, 'cyan', 'hint:')} ${hint}\n`)
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

export function paint(terminal: Terminal, colour: Colour, text: string): string {
  return terminal.colour ? styleText(colour, text, { validateStream: false }) : text
}

// oxlint-disable-next-line no-control-regex -- control and direction characters are what is replaced
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Text that somebody else wrote (a request, a token, an answer) as one line that cannot steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\ufffd')
}
