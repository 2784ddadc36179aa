/** A field of the request to the backend, or one that does not reach it. */
export interface ComparedField {
  readonly change: '+' | '-' | ' '
  readonly name: string
  readonly value: string
}

/** Fields that belong to one connection, which every proxy makes anew: their going says nothing. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
])

/** What became of the fields of a request: kept, added or changed (+), removed (-). Names and values in turn. */
export function compareFields(before: readonly string[], after: readonly string[]): readonly ComparedField[] {
  const left = pairsOf(before)
  const kept = pairsOf(after).map(({ name, value }): ComparedField => {
    const index = left.findIndex((field) => field.name === name && field.value === value)
    if (index !== -1) left.splice(index, 1)
    return { change: index === -1 ? '+' : ' ', name, value }
  })
  const removed = left.filter(({ name }) => !OF_THE_CONNECTION.has(name.toLowerCase()))
  return [
    ...kept.filter(({ change }) => change === ' '),
    ...removed.map(({ name, value }): ComparedField => ({ change: '-', name, value })),
    ...kept.filter(({ change }) => change === '+'),
  ]
}

function pairsOf(fields: readonly string[]): { readonly name: string; readonly value: string }[] {
  const pairs: { name: string; value: string }[] = []
  for (let i = 0; i < fields.length; i += 2) pairs.push({ name: fields[i] ?? '', value: fields[i + 1] ?? '' })
  return pairs
}
