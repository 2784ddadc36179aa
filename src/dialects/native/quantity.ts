import { z } from 'zod'
import { parseDuration } from '../../kernel/duration.ts'
import { err, ok, type Result } from '../../kernel/result.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

/** What a reader of text answers, with an optional hint for the person who wrote it. */
export type TextReading<T> = Result<T, string | { readonly message: string; readonly hint: string }>

/**
 * A schema for text that `read` turns into something better. Its JSON Schema is that of the text, with `kind` for its
 * title; `example` follows in the message to those who wrote something else than text.
 */
export function textOf<T>(
  kind: string,
  example: string,
  read: (text: string) => TextReading<T>,
): z.ZodType<T, string> {
  const isText = z.string({
    error: (issue) =>
      issue.input === undefined
        ? undefined
        : `must be ${article(kind)} ${kind} such as ${example}; put it in quotes`,
  })
  const schema = isText.transform((text, context) => {
    const reading = read(text)
    if (reading.ok) return reading.value
    const problem = typeof reading.error === 'string' ? { message: reading.error } : reading.error
    const { message, ...params } = problem
    context.issues.push({ code: 'custom', message, params, input: text })
    return z.NEVER
  })
  return schema.meta({ title: kind })
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a'
}

/** A span of time such as `60s`, in milliseconds. `zero` is for waits that may be switched off. */
export function duration(limits: {
  readonly maxMs: number
  readonly zero?: boolean
}): z.ZodType<number, string> {
  return textOf('duration', '500ms, 60s or 5m', (text) => {
    const parsed = parseDuration(text)
    if (!parsed.ok) return parsed
    if (parsed.value === 0 && limits.zero !== true) return err('zero would mean that nothing is waited for')
    if (parsed.value > limits.maxMs)
      return err(`\`${text}\` is too long; ${spelled(limits.maxMs)} is the most`)
    return parsed
  })
}

/** Milliseconds as a person writes them. */
function spelled(milliseconds: number): string {
  if (milliseconds % 3_600_000 === 0) return `${milliseconds / 3_600_000}h`
  return milliseconds % 60_000 === 0 ? `${milliseconds / 60_000}m` : `${milliseconds / 1000}s`
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 * 1024 }

/** A number of bytes such as `64KiB`. */
export function size(limits: {
  readonly minBytes: number
  readonly maxBytes: number
}): z.ZodType<number, string> {
  return textOf('size', '64KiB or 1MiB', (text) => {
    const match = /^(\d{1,9})(B|KiB|MiB)$/.exec(text)
    const unit = match?.[2] === undefined ? undefined : UNIT_BYTES[match[2]]
    if (unit === undefined) return err(`\`${text}\` is not a size; write a whole number and B, KiB or MiB`)
    const bytes = Number(match?.[1]) * unit
    if (bytes < limits.minBytes) return err(`\`${text}\` is too small; ${limits.minBytes}B is the least`)
    if (bytes > limits.maxBytes)
      return err(`\`${text}\` is too large; ${limits.maxBytes / 1024}KiB is the most`)
    return ok(bytes)
  })
}

/** A whole number of things. */
export function count(limits: { readonly min: number; readonly max: number }): z.ZodNumber {
  return z.number().int().min(limits.min).max(limits.max)
}
