/** Whether one text is what a value of a policy asks for. */
export type TextMatch = (text: string) => boolean

/**
 * The values of one field, joined by OR: `*` is any text that is not empty, `*abc` one that ends so, `abc*` one that
 * begins so, all else that text alone. A `*` elsewhere is itself, and there is no escape: `*a*` ends in `a*`.
 */
export function matchAny(values: readonly string[]): TextMatch {
  const exact = new Set<string>()
  const starts: string[] = []
  const ends: string[] = []
  let presence = false
  for (const value of values) {
    if (value === '*') presence = true
    else if (value.startsWith('*')) ends.push(value.slice(1))
    else if (value.endsWith('*')) starts.push(value.slice(0, -1))
    else exact.add(value)
  }
  if (presence) return (text) => text !== ''
  if (starts.length === 0 && ends.length === 0) return (text) => exact.has(text)
  return (text) =>
    exact.has(text) ||
    starts.some((start) => text.startsWith(start)) ||
    ends.some((end) => text.endsWith(end))
}

/** The same where `*` stands for a text that is there, even if it is empty. */
export function matchAnyOrEmpty(values: readonly string[]): TextMatch {
  return values.includes('*') ? () => true : matchAny(values)
}
