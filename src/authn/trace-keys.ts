import type { VerificationKey } from '../jwt/index.ts'
import type { LiveKeys } from '../keys/index.ts'
import type { Trace } from '../policy/index.ts'

/** Where a fetched key is from and how old what is known of it is; nothing for one of the configuration. */
export function fetchedFrom(keys: LiveKeys, key: VerificationKey, nowMs: number): string {
  const source = keys.sourceOf(key)
  if (source?.fetchedAtMs === undefined) return ''
  const seconds = Math.max(0, Math.round((nowMs - source.fetchedAtMs) / 1000))
  return `, fetched ${seconds} s ago for \`${source.spec.name}\``
}

/** After a key that is not there: which sources cannot be asked, and why. */
export function traceKeySources(trace: Trace, keys: LiveKeys): void {
  for (const { source, trouble } of keys.troubles) {
    trace.push({
      stage: 'key',
      outcome: 'noted',
      message: `the keys of \`${source}\` cannot be fetched: ${trouble}`,
    })
  }
}
