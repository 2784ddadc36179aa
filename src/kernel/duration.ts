import { err, ok, type Result } from './result.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * Reads a duration such as `250ms`, `60s`, `1.5h` into milliseconds (a whole number, zero or more).
 * A bare number is refused, because nobody can see whether it means seconds or milliseconds.
 */
export function parseDuration(text: string): Result<number, string> {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]]
  if (match?.[1] === undefined || unit === undefined) {
    return err(`\`${text}\` is not a duration; write a number and a unit, such as 500ms, 60s, 5m or 1h`)
  }
  return ok(Math.round(Number(match[1]) * unit))
}
