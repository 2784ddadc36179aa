/**
 * The known name that was probably meant, or undefined where none is near. Case and separators count for nothing, and
 * a third of the letters may differ.
 */
export function suggestion(written: string, known: readonly string[]): string | undefined {
  const bare = plain(written)
  // A long name is no slip of the pen, and the table below grows with its length.
  if (bare.length > MAX_LENGTH) return undefined
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(bare.length, 3) / 3) + 1
  for (const candidate of known) {
    const distance = editDistance(bare, plain(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const MAX_LENGTH = 40

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** Letters to add, leave out, exchange or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : changed
      next.push(Math.min(changed, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
