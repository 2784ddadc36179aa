import { plainAddress } from '../policy/index.ts'

/** One hop of a Forwarded field (RFC 7239 §4). */
export interface ForwardedElement {
  /** The address in `for`; undefined for none, `unknown` and hidden names. */
  readonly address: string | undefined
  readonly host: string | undefined
  readonly proto: string | undefined
}

const PAIR = /[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")[ \t]*([;,]|$)/y

/** Reads a Forwarded field, or undefined where any of it is malformed: a part of a chain of trust is worth nothing. */
export function parseForwarded(field: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let pairs = new Map<string, string>()
  let at = 0
  for (;;) {
    PAIR.lastIndex = at
    const match = PAIR.exec(field)
    const name = match?.[1]?.toLowerCase() ?? ''
    if (match === null || pairs.has(name)) return undefined
    pairs.set(name, match[2] ?? (match[3] ?? '').replace(/\\(.)/g, '$1'))
    at = PAIR.lastIndex
    if (match[4] === ';') continue
    elements.push({
      address: addressOfNode(pairs.get('for') ?? ''),
      host: pairs.get('host'),
      proto: pairs.get('proto'),
    })
    if (match[4] === '') return elements
    pairs = new Map()
  }
}

/** One element of a Forwarded field; `more` is put after `for`. */
export function forwardedElement(address: string, more = ''): string {
  return `for=${address.includes(':') ? `"[${address}]"` : address}${more}`
}

/** A `host` parameter; in quotes, as a port's colon needs them. INVARIANT: `host` is a canonical host, with its port. */
export function hostParameter(host: string): string {
  return host === '' ? '' : `;host="${host}"`
}

/**
 * The address in `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:8080`, as fields
 * have them; undefined for everything else.
 */
export function addressOfNode(node: string): string | undefined {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(node)?.[1]
  if (bracketed !== undefined) return bracketed.includes(':') ? plainAddress(bracketed) : undefined
  return plainAddress(/^([\d.]+):\d{1,5}$/.exec(node)?.[1] ?? node)
}
