import { isIP, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { err, ok, type Result } from '../kernel/result.ts'
import { canonicalHost } from './host.ts'

/** any: every host. exact: this one. subdomains: every host of one or more labels before `.host`, never `host` itself. */
export interface HostPattern {
  readonly kind: 'any' | 'exact' | 'subdomains'
  /** Canonical; empty for any. */
  readonly host: string
  /** The pattern as configuration should have it: canonical, with its `*.`. */
  readonly text: string
}

/** Reads `*`, `example.com` or `*.example.com`. Letters beyond ASCII become punycode, as browsers send them. */
export function parseHostPattern(text: string): Result<HostPattern, string> {
  if (text === '*') return ok({ kind: 'any', host: '', text })
  const isWildcard = text.startsWith('*.')
  const stem = isWildcard ? text.slice(2) : text
  const mistake = commonMistake(stem)
  if (mistake !== undefined) return err(`\`${text}\` is not a host pattern: ${mistake}`)
  // oxlint-disable-next-line no-control-regex -- all of ASCII is what needs no punycode
  const ascii = /^[\u0000-\u007f]*$/.test(stem) ? stem : domainToASCII(stem)
  const canonical = canonicalHost(ascii)
  if (ascii === '' || !canonical.ok) {
    return err(
      `\`${text}\` is not a host pattern; write \`*\`, a name such as \`example.com\`, or \`*.example.com\``,
    )
  }
  const { host } = canonical.value
  if (!isWildcard) return ok({ kind: 'exact', host, text: host })
  if (isIP(host) !== 0 || host.startsWith('['))
    return err(`\`${text}\` is not a host pattern: an address has no subdomains`)
  return ok({ kind: 'subdomains', host, text: `*.${host}` })
}

/** Whether a canonical host matches. For one pattern; `HostIndex` is for many. */
export function matchesHost(pattern: HostPattern, host: string): boolean {
  switch (pattern.kind) {
    case 'any':
      return true
    case 'exact':
      return host === pattern.host
    case 'subdomains':
      return host.length > pattern.host.length + 1 && host.endsWith(`.${pattern.host}`)
  }
}

function commonMistake(stem: string): string | undefined {
  if (stem.includes('://')) return 'leave the scheme out'
  if (stem.includes('/')) return 'leave the path out; it has a field of its own'
  if (stem.includes('*')) return '`*` may stand only alone or as the whole first label, as in `*.example.com`'
  if (isIPv6(stem)) return `write an IPv6 address in brackets: \`[${stem}]\``
  if (/:\d*$/.test(stem.replace(/^\[.*\]/, '')))
    return 'leave the port out; a pattern stands for the host on every port'
  return undefined
}
