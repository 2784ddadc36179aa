import { jsonNumber, stringifyJson, type JsonValue } from '../../kernel/json.ts'

/** Beyond it a Date has no text. */
const MAX_SECONDS = 8.64e12

/** `2026-01-31T12:00:00Z`; undefined for what is no time. */
export function isoTime(value: JsonValue | undefined): string | undefined {
  const seconds = jsonNumber(value)
  if (seconds === undefined || !(Math.abs(seconds) < MAX_SECONDS)) return undefined
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

/** `2026-01-31T12:00:00Z, 5 min ago`, for a time in seconds; anything else as it is written. */
export function whenWords(value: JsonValue, nowMs: number): string {
  const iso = isoTime(value)
  const seconds = jsonNumber(value)
  if (iso === undefined || seconds === undefined) return stringifyJson(value)
  const apart = Math.round(Math.abs(seconds - nowMs / 1000))
  return `${iso}, ${spanWords(apart)} ${seconds * 1000 <= nowMs ? 'ago' : 'from now'}`
}

function spanWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** Whether a time is one in milliseconds by mistake (RFC 7519 §2 has seconds): the year would be past 5000. */
export function isMilliseconds(value: JsonValue | undefined): boolean {
  const seconds = jsonNumber(value)
  return seconds !== undefined && seconds > 1e11
}
