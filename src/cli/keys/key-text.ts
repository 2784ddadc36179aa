import type { FetchedSource, KeyChanges } from '../../keys/index.ts'
import { paint, printable, type Terminal } from '../terminal.ts'

interface DescribedKey {
  readonly label: string
  readonly type: string
  readonly bits: number
  readonly algorithms: readonly string[]
}

/** `kid "a"  RSA 2048  RS256, RS384`. */
export function keyText({ label, type, bits, algorithms }: DescribedKey): string {
  return `${label}  ${type} ${bits}  ${algorithms.join(', ')}`
}

/** What a fetch changed, a line each: what came, what went, what is another under the same name. */
export function changeLines(terminal: Terminal, { added, removed, replaced }: KeyChanges): readonly string[] {
  return [
    ...added.map((key) => paint(terminal, 'green', `+ ${keyText(key)}`)),
    ...removed.map((key) => paint(terminal, 'red', `- ${keyText(key)}`)),
    ...replaced.map((key) => paint(terminal, 'yellow', `~ ${key.label} has a new key  ${keyText(key)}`)),
  ].map(printableLine)
}

/** Colours are ours, all else somebody else's. */
function printableLine(line: string): string {
  return line
    .split('\u001b')
    .map((part) => printable(part))
    .join('\u001b')
}

/** What about a change refuses tokens that were good a moment before; empty where nothing does. */
export function harmOf({ added, removed, replaced }: KeyChanges, left: number): readonly string[] {
  const harm: string[] = []
  if (left === 0) harm.push('no key is left: every token is refused')
  // Where one stays, the others may be of a window that moves on: what came last is seldom what signs.
  else if (removed.length > 0 && added.length > 0 && left === added.length + replaced.length)
    harm.push(
      'every old key went as a new one came: tokens that the old one signed are refused; publish both for a while',
    )
  if (replaced.length > 0)
    harm.push(
      'a kid has another key: tokens that the old one signed are refused; give each key a kid of its own',
    )
  return harm
}

/** Why there are no keys, and what to do about it. */
export function failureLines(terminal: Terminal, { lastFailure }: FetchedSource): readonly string[] {
  if (lastFailure === undefined) return []
  const { message, hint } = lastFailure.failure
  const lines = [`${paint(terminal, 'red', 'cannot be fetched:')} ${printable(message)}`]
  return hint === undefined ? lines : [...lines, `${paint(terminal, 'cyan', 'hint:')} ${printable(hint)}`]
}

/** `340 ms`, `12 s`, `5 min`, `3 h`, `2 days`. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}
