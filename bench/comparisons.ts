import type { RowResult } from './row.ts'
import { spread, type Spread } from './statistics.ts'

/** One row against another, and what is aimed at. */
export interface Comparison {
  readonly what: string
  readonly ours: string
  readonly theirs: string
  /** How many times less CPU time than theirs ours shall take. */
  readonly goal?: number
}

/** A ratio with its goal, for any part of the run. Above 1 is better for us, except where `under` says so. */
export interface Verdict {
  readonly what: string
  readonly measured: Spread
  /** The ratio of requests per second, where there is one. */
  readonly throughput?: Spread
  readonly goal?: { readonly atLeast: number } | { readonly under: number }
}

/** The headline, in the order in which it is printed. */
export const COMPARISONS: readonly Comparison[] = [
  { what: 'RS256, same token, vs HAProxy jwt_verify', ours: 'rs256', theirs: 'haproxy-rs256', goal: 2 },
  { what: 'RS256, same token, vs HAProxy plain', ours: 'rs256', theirs: 'haproxy-plain', goal: 0.8 },
  {
    what: 'RS256, every token new, vs HAProxy jwt_verify',
    ours: 'rs256-new',
    theirs: 'haproxy-rs256-new',
    goal: 1.1,
  },
  {
    what: 'ES256, same token, vs HAProxy jwt_verify on ES256',
    ours: 'es256',
    theirs: 'haproxy-es256',
    goal: 2.5,
  },
  {
    what: 'EdDSA, same token, vs HAProxy jwt_verify on ES256',
    ours: 'eddsa',
    theirs: 'haproxy-es256',
    goal: 2.5,
  },
  { what: 'RS256, same token, vs Fastify with its plugins', ours: 'rs256', theirs: 'fastify-rs256', goal: 8 },
  {
    what: 'RS256, same token, vs the same with its token cache on',
    ours: 'rs256',
    theirs: 'fastify-rs256-cache',
  },
  { what: '100,000 routes vs 10', ours: 'routes-100k', theirs: 'routes-10', goal: 0.95 },
  {
    what: '1,000 authentications, 10,000 keys, 100,000 conditions vs 10, 100, 1,000',
    ours: 'rules-1k',
    theirs: 'rules-10',
    goal: 0.95,
  },
  { what: 'no token needed, vs HAProxy plain', ours: 'open', theirs: 'haproxy-plain' },
  {
    what: 'ES256, every token new, vs HAProxy jwt_verify on ES256',
    ours: 'es256-new',
    theirs: 'haproxy-es256',
  },
  {
    what: 'EdDSA, every token new, vs HAProxy jwt_verify on ES256',
    ours: 'eddsa-new',
    theirs: 'haproxy-es256',
  },
  { what: 'RS256 over TLS, vs HAProxy jwt_verify', ours: 'tls', theirs: 'haproxy-tls' },
  { what: 'request bodies of 4 KiB, vs HAProxy jwt_verify', ours: 'post-4k', theirs: 'haproxy-post-4k' },
  { what: 'request bodies of 1 MiB, vs HAProxy jwt_verify', ours: 'post-1m', theirs: 'haproxy-post-1m' },
  { what: 'answers of 4 KiB, vs HAProxy jwt_verify', ours: 'get-4k', theirs: 'haproxy-get-4k' },
  { what: 'answers of 1 MiB, vs HAProxy jwt_verify', ours: 'get-1m', theirs: 'haproxy-get-1m' },
]

/** The comparisons of which both rows were measured. A ratio is taken within each round, then its median. */
export function compare(results: readonly RowResult[]): Verdict[] {
  const engines = results.map(({ row }) => row.name).filter((name) => name.startsWith('engine-'))
  const byName = new Map(results.map((result) => [result.row.name, result]))
  const all = [...COMPARISONS, ...engines.map(againstEngine)]
  return all.flatMap(({ what, ours, theirs, goal }) => {
    const mine = byName.get(ours)?.measurements ?? []
    const peer = byName.get(theirs)?.measurements ?? []
    const pairs = mine.flatMap((measurement, round) => {
      const other = peer[round]
      return other === undefined ? [] : [{ measurement, other }]
    })
    if (pairs.length === 0) return []
    const steady = pairs.every(({ measurement, other }) => !measurement.exhausted && !other.exhausted)
    return {
      what,
      measured: spread(pairs.map(({ measurement, other }) => other.cpuUs / measurement.cpuUs)),
      ...(steady
        ? {
            throughput: spread(
              pairs.map(({ measurement, other }) => measurement.requestsPerSecond / other.requestsPerSecond),
            ),
          }
        : {}),
      ...(goal === undefined ? {} : { goal: { atLeast: goal } }),
    }
  })
}

function againstEngine(row: string): Comparison {
  const name = row.slice('engine-'.length)
  return { what: `RS256, same token, default engine vs \`engine: ${name}\``, ours: 'rs256', theirs: row }
}

/** Whether a median reaches its goal; undefined where none is set. */
export function met({ measured, goal }: Verdict): boolean | undefined {
  if (goal === undefined) return undefined
  return 'atLeast' in goal ? measured.median >= goal.atLeast : measured.median < goal.under
}
