/**
 * What a system writes to a pipe without another process's bytes in the middle (PIPE_BUF of Linux; POSIX write). Each
 * write of several processes to one output must stay below it, or their lines mix.
 */
export const ATOMIC_WRITE_BYTES = 4096

/** How much of each text and each list stays, from gentle to rough: the first that makes the line fit. */
const CUTS = [
  { characters: 1024, items: 32 },
  { characters: 256, items: 12 },
  { characters: 96, items: 4 },
  { characters: 32, items: 0 },
]

/** Passes on lines of JSON that fit into one atomic write, and shortens those that do not; a short one costs its measure. */
export function wholeLines(out: { write(line: string): unknown }): { write(line: string): void } {
  return {
    write(line) {
      const fits = line.length * 3 <= ATOMIC_WRITE_BYTES || Buffer.byteLength(line) <= ATOMIC_WRITE_BYTES
      out.write(fits ? line : shortened(line))
    },
  }
}

/** The same entry with its long members cut, and `shortened` to say so. Members keep their names and places. */
function shortened(line: string): string {
  const entry: unknown = JSON.parse(line)
  for (const cut of CUTS) {
    const text = `${JSON.stringify({ ...asObject(cutValue(entry, cut)), shortened: true })}\n`
    if (Buffer.byteLength(text) <= ATOMIC_WRITE_BYTES) return text
  }
  // Only an entry of very many members comes here, and no entry of the gateway has them.
  return `${JSON.stringify({ type: 'log', message: 'an entry was too long for one line', shortened: true })}\n`
}

function cutValue(value: unknown, cut: (typeof CUTS)[number]): unknown {
  if (typeof value === 'string')
    return value.length <= cut.characters ? value : `${value.slice(0, cut.characters)}…`
  if (Array.isArray(value)) return value.slice(0, cut.items).map((item: unknown) => cutValue(item, cut))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cutValue(member, cut)]))
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : { value }
}
