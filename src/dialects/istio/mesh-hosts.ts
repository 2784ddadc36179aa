/** A host as a resource of some namespace writes it. */
export interface NamedHost {
  readonly host: string
  readonly namespace: string
}

/**
 * Whether what one resource says of hosts is about the host that another asks. A name without a dot is a service of the
 * namespace that it is written in: `keys` in `foo` is `keys.foo.svc.cluster.local`, which its URL may write in parts.
 */
export function isAbout(pattern: NamedHost, asked: NamedHost): boolean {
  const names = namesOf(asked)
  if (pattern.host === '*') return true
  if (pattern.host.startsWith('*.')) return names.some((name) => name.endsWith(pattern.host.slice(1)))
  return names.includes(pattern.host) || names.includes(fullName(pattern))
}

/** Of those that are about a host the most specific: an exact name, then the longest wildcard; then the first. */
export function mostSpecific<T>(
  all: readonly T[],
  hostsOf: (each: T) => readonly NamedHost[],
  asked: NamedHost,
): T | undefined {
  const ranked = all.flatMap((each) => {
    const ranks = hostsOf(each).flatMap((pattern) => (isAbout(pattern, asked) ? [rankOf(pattern)] : []))
    return ranks.length === 0 ? [] : [{ each, rank: Math.max(...ranks) }]
  })
  return ranked.toSorted((a, b) => b.rank - a.rank)[0]?.each
}

function rankOf({ host }: NamedHost): number {
  return host.startsWith('*') ? host.length : Infinity
}

function fullName({ host, namespace }: NamedHost): string {
  return host.includes('.') ? host : `${host}.${namespace}${OF_CLUSTER}`
}

const OF_CLUSTER = '.svc.cluster.local'

/** What the resolver of a cluster makes of a name: itself, or a service by its name, its namespace, and `svc`. */
function namesOf(asked: NamedHost): readonly string[] {
  const { host } = asked
  const whole = fullName(asked)
  if (!host.includes('.')) return [whole]
  return host.endsWith('.svc') ? [host, `${host}.cluster.local`] : [host, `${host}${OF_CLUSTER}`]
}
