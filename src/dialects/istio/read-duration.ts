import type { Fields } from './fields.ts'

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const PIECE = /(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s)/y

/** A duration as Kubernetes resources have it, such as `5s` or `1m30s`, in milliseconds; undefined where it is missing. */
export function readDuration(fields: Fields, name: string): number | undefined {
  const node = fields.get(name)
  const text = node?.text()
  if (node === undefined || text === undefined) return undefined
  const milliseconds = parse(text)
  if (milliseconds === undefined || milliseconds < 1) {
    node.error(`\`${text}\` is not a duration of 1ms or more`, 'write one such as 500ms, 5s or 1m30s')
    return undefined
  }
  return milliseconds
}

function parse(text: string): number | undefined {
  let total = 0
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < text.length) {
    const match = PIECE.exec(text)
    const unit = UNIT_MS[match?.[2] ?? '']
    if (match === null || unit === undefined) return undefined
    total += Number(match[1]) * unit
  }
  return text === '' ? undefined : Math.round(total)
}
