import type { RuleClaims } from '../jwt/index.ts'
import type { KeyStore, LiveKeys } from '../keys/index.ts'
import { plainAudience } from '../policy/istio/index.ts'
import type { TokenRuleSpec } from './checkpoint-spec.ts'
import type { TokenLocation } from './spec.ts'

/** One rule, ready. */
export interface TokenRule {
  readonly spec: TokenRuleSpec
  readonly keys: LiveKeys
  readonly claims: RuleClaims
  readonly spaceDelimited: ReadonlySet<string>
  /** In the order in which Envoy finds tokens. The same list for all rules that look at the same places. */
  readonly locations: readonly TokenLocation[]
  /** Where the backend must not see a token once this rule was met: what it verified, and what nobody did. */
  readonly withheld: readonly TokenLocation[]
  /** Rules that look elsewhere and would let their own tokens go on, for requests with several tokens. */
  readonly others: readonly TokenRule[]
}

/** The rules of one workload. */
export function buildTokenRules(specs: readonly TokenRuleSpec[], keys: KeyStore): readonly TokenRule[] {
  const lists = new Map<string, readonly TokenLocation[]>()
  const placed = specs.map((spec) => ({ spec, locations: shared(lists, inOrder(spec.locations)) }))
  const rules = placed.map(({ spec, locations }) => {
    const elsewhere = placed.filter((other) => other.locations !== locations)
    const own = spec.keepToken ? [] : locations
    const unverified = elsewhere.flatMap((other) => other.locations).filter((each) => !holds(locations, each))
    return {
      spec,
      keys: keys.liveKeys(spec.keys, spec.keySources),
      claims: {
        audiences: new Set(spec.audiences),
        plain: plainAudience,
        clockSkewSeconds: spec.clockSkewSeconds,
      },
      spaceDelimited: new Set(spec.spaceDelimited),
      locations,
      withheld: shared(lists, [...own, ...unverified]),
      others: [] as TokenRule[],
    }
  })
  for (const rule of rules) {
    rule.others.push(...rules.filter((other) => other.locations !== rule.locations && other.spec.keepToken))
  }
  return rules
}

/** Headers by name and prefix, then parameters, then cookies. */
function inOrder(locations: readonly TokenLocation[]): readonly TokenLocation[] {
  return locations.toSorted((a, b) => {
    const keys = [keyOf(a), keyOf(b)] as const
    return keys[0] < keys[1] ? -1 : keys[0] > keys[1] ? 1 : 0
  })
}

const PLACE_ORDER: Readonly<Record<TokenLocation['in'], number>> = { header: 0, query: 1, cookie: 2, form: 3 }

function keyOf(location: TokenLocation): string {
  const name = location.in === 'header' ? `${location.name.toLowerCase()}${location.prefix}` : location.name
  return `${PLACE_ORDER[location.in]}${name}`
}

function holds(locations: readonly TokenLocation[], wanted: TokenLocation): boolean {
  return locations.some((each) => keyOf(each) === keyOf(wanted))
}

/** One object for equal lists, so that what is found at them is found once. */
function shared(
  lists: Map<string, readonly TokenLocation[]>,
  list: readonly TokenLocation[],
): readonly TokenLocation[] {
  const key = list.map(keyOf).join('\n')
  const known = lists.get(key)
  if (known === undefined) lists.set(key, list)
  return known ?? list
}

/** The names of the headers in which a rule hands a token on. */
export function outputHeaders({ payloadHeader, claimHeaders }: TokenRuleSpec): readonly string[] {
  const names = claimHeaders.map(({ header }) => header)
  return payloadHeader === undefined ? names : [payloadHeader, ...names]
}
