/** Whether one text is what a value of a policy asks for. */
export type TextMatch = (text: string) => boolean

/**
 * The values of one field, joined by OR: `*` is any text that is not empty, `*abc` one that ends so, `abc*` one that
 * begins so, all else that text alone. A `*` elsewhere is itself, and there is no escape: `*a*` ends in `a*`.
 */
export function matchAny(values: readonly string[]): TextMatch {
  const [only, ...more] = values
  // Most lists have one value, and a workload may have hundreds of them.
  if (only !== undefined && more.length === 0) return matchOne(only)
  if (values.includes('*')) return matchOne('*')
  const exact = new Set(values.filter((value) => !value.startsWith('*') && !value.endsWith('*')))
  const others = values.filter((value) => !exact.has(value)).map((value) => matchOne(value))
  if (others.length === 0) return (text) => exact.has(text)
  return (text) => {
    if (exact.has(text)) return true
    for (const match of others) if (match(text)) return true
    return false
  }
}

function matchOne(value: string): TextMatch {
  if (value === '*') return (text) => text !== ''
  if (value.startsWith('*')) {
    const end = value.slice(1)
    return (text) => text.endsWith(end)
  }
  if (value.endsWith('*')) {
    const start = value.slice(0, -1)
    return (text) => text.startsWith(start)
  }
  return (text) => text === value
}

/** The same where `*` stands for a text that is there, even if it is empty. */
export function matchAnyOrEmpty(values: readonly string[]): TextMatch {
  return values.includes('*') ? () => true : matchAny(values)
}
