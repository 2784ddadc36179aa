import { isIPv6 } from 'node:net'
import { ownCopy } from '../kernel/own-copy.ts'
import { err, ok, type Ok, type Result } from '../kernel/result.ts'
import { TextMemo } from '../kernel/text-memo.ts'

export interface Host {
  /** Lower-case, without port and final dot; IPv6 in brackets and in its shortest form (RFC 5952). */
  readonly host: string
  readonly port: number | undefined
}

/** Why an authority was refused. `detail` is a sentence for the operator that holds nothing of the authority. */
export interface HostProblem {
  readonly reason: 'host-invalid' | 'host-userinfo' | 'host-port'
  readonly detail: string
}

/** RFC 1035 §2.3.4, in text: 253 characters and perhaps a final dot. */
const MAX_HOST_CHARS = 253

/** Host characters that stay: lower-case letters, digits, `-`, `.`, and `_`, which container networks use. */
const STAYS = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-._') STAYS[char.charCodeAt(0)] = 1

/**
 * The one form of a request's authority (RFC 9110 §4.2.3): hosts are compared without case, port and final dot. Empty
 * where there is none. Refuses user information (a trick to show one host and mean another), escapes, empty labels and
 * everything else that is no host.
 */
export function canonicalHost(authority: string): Result<Host, HostProblem> {
  const known = KNOWN.get(authority)
  if (known !== undefined) return known
  const host = readHost(authority)
  // What is a host is ASCII.
  if (host.ok) KNOWN.set(ownCopy(authority), host)
  return host
}

/** A gateway has few hosts. Those that a stranger makes up take the places of others and never more. */
const KNOWN = new TextMemo<Ok<Host>>({ slots: 64, maxLength: MAX_HOST_CHARS })

function readHost(authority: string): Result<Host, HostProblem> {
  if (authority.charCodeAt(0) === 0x5b) return bracketed(authority)
  const colon = authority.indexOf(':')
  const port = colon === -1 ? undefined : portOf(authority.slice(colon + 1))
  if (authority.includes('@')) return USERINFO
  if (port === -1) return BAD_PORT
  if (colon === 0) return INVALID
  const name = canonicalName(colon === -1 ? authority : authority.slice(0, colon))
  return name === undefined ? INVALID : ok({ host: name, port })
}

const INVALID = err<HostProblem>({ reason: 'host-invalid', detail: 'the host is no name or address' })
const USERINFO = err<HostProblem>({ reason: 'host-userinfo', detail: 'the host has a user before an `@`' })
const BAD_PORT = err<HostProblem>({
  reason: 'host-port',
  detail: 'what follows the `:` of the host is no port',
})

/** `[v6]` or `[v6]:port`; without a zone, which means nothing to another machine (RFC 9844). */
function bracketed(authority: string): Result<Host, HostProblem> {
  const close = authority.indexOf(']')
  const address = authority.slice(1, close)
  if (close === -1 || address.includes('%') || !isIPv6(address)) return INVALID
  const rest = authority.slice(close + 1)
  const port = rest === '' ? undefined : rest.startsWith(':') ? portOf(rest.slice(1)) : -1
  if (port === -1) return BAD_PORT
  return ok({ host: new URL(`http://[${address}]`).hostname, port })
}

/** Undefined for the empty port, which RFC 3986 §3.2.3 allows; -1 for what is no port. */
function portOf(text: string): number | undefined {
  if (text === '') return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port <= 65_535 ? port : -1
}

function canonicalName(text: string): string | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name.length > MAX_HOST_CHARS || (name === '' && text !== '')) return undefined
  const lower = isLower(name) ? name : name.toLowerCase()
  return isName(lower) ? lower : undefined
}

function isLower(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code >= 0x41 && code <= 0x5a) return false
  }
  return true
}

function isName(name: string): boolean {
  let labelStart = 0
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code > 127 || STAYS[code] === 0) return false
    if (code !== 0x2e) continue
    if (i === labelStart) return false
    labelStart = i + 1
  }
  return name === '' || labelStart < name.length
}
