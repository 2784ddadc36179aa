import { matchAny, type TextMatch } from './string-match.ts'

/** The parts of the workload identity `trust-domain/ns/namespace/sa/account`; undefined for every other URI. */
export interface WorkloadIdentity {
  readonly trustDomain: string
  readonly namespace: string
  readonly account: string
}

export function workloadIdentity(principal: string): WorkloadIdentity | undefined {
  const [trustDomain, ns, namespace, sa, account, more] = principal.split('/')
  if (ns !== 'ns' || sa !== 'sa' || more !== undefined) return undefined
  if (!trustDomain || !namespace || !account) return undefined
  return { trustDomain, namespace, account }
}

/** A test of the client's certificate: nobody without one passes it. */
export type PeerMatch = (principal: string | undefined) => boolean

/** The values of `principals`, against the whole identity. */
export function matchPeer(values: readonly string[]): PeerMatch {
  const match = matchAny(values)
  return (principal) => principal !== undefined && match(principal)
}

/** The values of `namespaces`, in which `*` stands for any text wherever it is. */
export function matchNamespace(values: readonly string[]): PeerMatch {
  const matches = values.map((value) => matchGlob(value))
  return ofIdentity(({ namespace }) => matches.some((match) => match(namespace)))
}

/** The values of `serviceAccounts`, each `namespace/account`. */
export function matchServiceAccount(values: readonly string[]): PeerMatch {
  const accounts = new Set(values)
  return ofIdentity(({ namespace, account }) => accounts.has(`${namespace}/${account}`))
}

export function matchTrustDomain(values: readonly string[]): PeerMatch {
  const match = matchAny(values)
  return ofIdentity(({ trustDomain }) => match(trustDomain))
}

function ofIdentity(test: (identity: WorkloadIdentity) => boolean): PeerMatch {
  return (principal) => {
    const identity = principal === undefined ? undefined : workloadIdentity(principal)
    return identity !== undefined && test(identity)
  }
}

/** Texts between `*` are looked for one after the other: that costs no more than the length of the text times theirs. */
function matchGlob(pattern: string): TextMatch {
  const pieces = pattern.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (pieces.length === 1) return (text) => text === first
  const between = pieces.slice(1, -1)
  return (text) => {
    if (!text.startsWith(first)) return false
    let at = first.length
    for (const piece of between) {
      const found = text.indexOf(piece, at)
      if (found === -1) return false
      at = found + piece.length
    }
    return text.length - last.length >= at && text.endsWith(last)
  }
}
