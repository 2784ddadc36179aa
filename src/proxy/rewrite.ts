import type { Principal } from '../authn/index.ts'
import type { Permit } from '../authz/index.ts'
import { FieldList } from '../http1/index.ts'
import { appendCookies, removeCookies } from '../inbound/fields/cookie.ts'
import type { Form } from '../inbound/fields/form.ts'
import { appendPairs, removePairs } from '../inbound/fields/query.ts'
import { forwardingFields, isForwardingField } from '../inbound/forwarding.ts'
import type { InboundRequest } from '../inbound/request.ts'
import type { Route } from '../plan/plan.ts'
import type { TokenLocation } from '../plan/spec.ts'
import { spellingOf, type AddressSet } from '../policy/index.ts'
import { endToEnd } from './hop-by-hop.ts'
import type { Identity } from './identity.ts'
import { rewritePath } from './rewrite-path.ts'
import { UpstreamRequest } from './upstream.ts'

export interface Rewriting {
  readonly permit: Permit
  readonly request: InboundRequest
  /** The canonical path, which was matched. */
  readonly path: string
  readonly query: string | undefined
  /** The form in the body, where the decision needed it. */
  readonly form: Form | undefined
  readonly identity: Identity
  readonly requestId: string
  readonly trustedPeers: AddressSet
}

/**
 * Step 8: the request as the backend gets it. First everything goes that a client may not say: hop-by-hop fields,
 * forwarding fields of untrusted peers, every reserved name in every spelling, and the token unless it is passed
 * through. Then the gateway says what it knows. INVARIANT: `Connection` is obeyed before anything is set, so it
 * cannot remove what the gateway sets.
 */
export function rewriteRequest(rewriting: Rewriting): UpstreamRequest {
  const { permit, request, path, identity } = rewriting
  const token = removedToken(permit)
  const query = rewriteQuery(rewriting, token)
  const body = rewriteForm(rewriting, token)
  const target = rewritePath(path, permit.route.spec.pathRewrites) + (query === undefined ? '' : `?${query}`)
  const fields = [
    keptFields(rewriting, token),
    ...(body === undefined ? [] : [new FieldList(['Content-Type', body.contentType])]),
    forwardingFields(request, rewriting.trustedPeers),
    new FieldList(['X-Request-Id', rewriting.requestId]),
    identity.header,
  ]
  return new UpstreamRequest({
    method: request.method,
    target,
    host: request.authority,
    fields,
    body: body?.bytes,
  })
}

/** Where the token stood that is now to be removed; undefined where there is none or it is passed through. */
function removedToken({ principal }: Permit): TokenLocation | undefined {
  return principal === undefined || principal.guard.authentication.spec.keepToken
    ? undefined
    : principal.location
}

/** What was kept of an array of fields that comes again and again, and all else that had a say in it. */
interface Kept {
  readonly route: Route
  readonly principal: Principal | undefined
  readonly fields: FieldList
}

const KEPT = new WeakMap<readonly string[], Kept>()

/** The client's own fields that go on. A client repeats them with every request, so they are worked out once. */
function keptFields(rewriting: Rewriting, token: TokenLocation | undefined): FieldList {
  const { permit, request, form } = rewriting
  const { route, principal } = permit
  if (!request.repeated || form !== undefined) return new FieldList(keptHeaders(rewriting, token))
  const known = KEPT.get(request.headers)
  if (known !== undefined && known.route === route && known.principal === principal) return known.fields
  const fields = new FieldList(keptHeaders(rewriting, token))
  KEPT.set(request.headers, { route, principal, fields })
  return fields
}

/** The client's own end-to-end fields that it may send on, its cookies with the gateway's. */
function keptHeaders(rewriting: Rewriting, token: TokenLocation | undefined): string[] {
  const { permit, request } = rewriting
  const exclusion = exclusionOf(rewriting, token)
  const kept: string[] = []
  const source = endToEnd(request.headers)
  let cookies = rewriting.identity.cookie
  for (let i = 0; i < source.length; i += 2) {
    const name = source[i] ?? ''
    const lower = name.toLowerCase()
    if (isExcluded(lower, exclusion)) continue
    const own = source[i + 1] ?? ''
    const value = lower === 'cookie' ? appendCookies(rewriteCookies(own, permit, token), cookies) : own
    if (lower === 'cookie') cookies = NO_COOKIES
    // A Cookie field of which nothing is left goes with it.
    if (value !== '' || own === '') kept.push(name, value)
  }
  if (cookies.length > 0) kept.push('Cookie', appendCookies('', cookies))
  return kept
}

const NO_COOKIES: readonly string[] = []

/** Which of the client's fields do not go on, beside those that are the gateway's own. */
interface Exclusion {
  readonly reserved: ReadonlySet<string>
  /** Lower-case name of the field whose token is removed. */
  readonly token: string | undefined
  /**
   * Lower-case name and spelling of the field in which the verified token stood, where backends take other names for
   * it: `X_Token` beside `X-Token` would be a second token, and one that nobody verified (CVE-2025-64484).
   */
  readonly verified: { readonly name: string; readonly spelling: string } | undefined
  readonly hasForm: boolean
}

function exclusionOf({ permit, form }: Rewriting, token: TokenLocation | undefined): Exclusion {
  const { principal, route } = permit
  const name = principal?.location.in === 'header' ? principal.location.name.toLowerCase() : ''
  const spelling = spellingOf(name)
  return {
    reserved: route.reserved.header,
    token: token?.in === 'header' ? name : undefined,
    verified: spelling.includes('-') ? { name, spelling } : undefined,
    hasForm: form !== undefined,
  }
}

function isExcluded(lowerName: string, { reserved, token, verified, hasForm }: Exclusion): boolean {
  if (lowerName === token || isReplaced(lowerName, hasForm)) return true
  if (reserved.size === 0 && verified === undefined) return false
  const spelling = spellingOf(lowerName)
  return reserved.has(spelling) || (spelling === verified?.spelling && lowerName !== verified.name)
}

const REQUEST_ID = 'x-request-id'
/** Host is said apart from the fields, Expect was answered here, and the length is the upstream's to say. */
const REPLACED: ReadonlySet<string> = new Set(['content-length', 'expect', 'host'])

/** Fields that the gateway sets itself, or whose truth has changed with a form that was read. */
function isReplaced(lowerName: string, hasForm: boolean): boolean {
  if (REPLACED.has(lowerName) || isForwardingField(lowerName)) return true
  // The backend's log and this one's must not be told apart by a client's `X_Request_Id`.
  if (lowerName.length === REQUEST_ID.length && spellingOf(lowerName) === REQUEST_ID) return true
  return hasForm && lowerName === 'content-type'
}

function rewriteCookies(header: string, permit: Permit, token: TokenLocation | undefined): string {
  const reserved = permit.route.reserved.cookie
  const tokenName = token?.in === 'cookie' ? token.name : undefined
  if (reserved.size === 0 && tokenName === undefined) return header
  return removeCookies(header, (name) => name === tokenName || reserved.has(spellingOf(name)))
}

function rewriteQuery(
  { permit, query, identity }: Rewriting,
  token: TokenLocation | undefined,
): string | undefined {
  const reserved = permit.route.reserved.query
  const tokenName = token?.in === 'query' ? token.name : undefined
  let rest = query
  if (rest !== undefined && (reserved.size > 0 || tokenName !== undefined)) {
    const left = removePairs(rest, (name) => name === tokenName || reserved.has(spellingOf(name)))
    // A query that held nothing else goes with its question mark; one that was empty before stays as it came.
    rest = left === '' && rest !== '' ? undefined : left
  }
  return identity.query.length === 0 ? rest : appendPairs(rest ?? '', identity.query)
}

function rewriteForm(
  { permit, form, identity }: Rewriting,
  token: TokenLocation | undefined,
): { readonly bytes: Buffer; readonly contentType: string } | undefined {
  if (form === undefined) return undefined
  const reserved = permit.route.reserved.form
  const tokenName = token?.in === 'form' ? token.name : undefined
  const left = form.remove((name) => name === tokenName || reserved.has(spellingOf(name)))
  const whole = identity.form.length === 0 ? left : left.append(identity.form)
  return { bytes: whole.bytes, contentType: whole.contentType }
}
