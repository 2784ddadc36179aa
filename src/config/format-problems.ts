import type { Problem } from '../errors/problem.ts'

/**
 * Problems as text for a terminal, one block each: `file:line: error: message`, and an indented hint. Errors come first,
 * as they are what stops the gateway. Ends with a line break; empty where there are none.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error')
  const warnings = problems.filter((problem) => problem.severity === 'warning')
  return [...errors, ...warnings].map(formatProblem).join('')
}

function formatProblem({ severity, file, line, message, hint }: Problem): string {
  const first = `${file}:${line}: ${severity}: ${printable(message)}\n`
  return hint === undefined ? first : `${first}  hint: ${printable(hint)}\n`
}

// oxlint-disable-next-line no-control-regex -- control and direction characters are what is replaced
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Names come from a file that somebody else may have written: they must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\ufffd')
}
