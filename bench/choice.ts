import { err, ok, type Result } from '../src/kernel/result.ts'
import type { Engines } from './contestants/claimgate.ts'
import type { Options } from './options.ts'
import type { Row } from './row.ts'
import { allRows } from './rows.ts'

/** Parts of a run that are no rows of the table. */
export type Part = 'verify' | 'flood' | 'streams'
const PARTS: readonly Part[] = ['verify', 'flood', 'streams']

/** What a run measures. */
export interface Choice {
  readonly rows: readonly Row[]
  readonly parts: ReadonlySet<Part>
}

/** Everything, the short run, or what was named; the error says which names there are. */
export function choose(
  engines: Engines,
  { only, quick }: Pick<Options, 'only' | 'quick'>,
): Result<Choice, string> {
  const rows = allRows(engines)
  if (only === undefined) {
    return ok({ rows: quick ? rows.filter((row) => row.quick) : rows, parts: new Set(quick ? [] : PARTS) })
  }
  const known = new Set<string>([...rows.map(({ name }) => name), ...PARTS])
  const unknown = [...only].find((name) => !known.has(name))
  if (unknown !== undefined) return err(`\`${unknown}\` is none of ${[...known].join(', ')}`)
  return ok({
    rows: rows.filter(({ name }) => only.has(name)),
    parts: new Set(PARTS.filter((part) => only.has(part))),
  })
}
