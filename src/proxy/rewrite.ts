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
  const withheld = withheldFrom(permit)
  const query = rewriteQuery(rewriting, withheld)
  const body = rewriteForm(rewriting, withheld)
  const target = rewritePath(path, permit.route.spec.pathRewrites) + (query === undefined ? '' : `?${query}`)
  const fields = [
    keptFields(rewriting, withheld),
    ...(body === undefined ? [] : [new FieldList(['Content-Type', body.contentType])]),
    forwardingFields(request, rewriting.trustedPeers),
    new FieldList(['X-Request-Id', rewriting.requestId]),
    identity.header,
    ...permit.passed.fields.map((pairs) => listOf(pairs)),
  ]
  return new UpstreamRequest({
    method: request.method,
    target,
    host: request.authority,
    fields,
    body: body?.bytes,
  })
}

/**
 * Where tokens are that the backend must not get: the verified one, and whatever else stands where tokens are looked
 * for, which a backend might take for verified. Nothing where the token is passed through.
 */
function withheldFrom({ principal, cover, passed }: Permit): readonly TokenLocation[] {
  const byGuards = principal === undefined ? cover.withheld : withheldBy(principal)
  if (passed.withheld.length === 0) return byGuards
  return byGuards.length === 0 ? passed.withheld : [...byGuards, ...passed.withheld]
}

function withheldBy({ guard }: Principal): readonly TokenLocation[] {
  const { keepToken, locations } = guard.authentication.spec
  return keepToken ? NOTHING : locations
}

const NOTHING: readonly TokenLocation[] = []

/** What a checkpoint sets for a token that comes again is the same array again. */
const LISTS = new WeakMap<readonly string[], FieldList>()

function listOf(pairs: readonly string[]): FieldList {
  let list = LISTS.get(pairs)
  if (list === undefined) LISTS.set(pairs, (list = new FieldList(pairs)))
  return list
}

/** What was kept of an array of fields that comes again and again, and all else that had a say in it. */
interface Kept {
  readonly route: Route
  readonly principal: Principal | undefined
  readonly withheld: readonly TokenLocation[]
  readonly fields: FieldList
}

const KEPT = new WeakMap<readonly string[], Kept>()

/** The client's own fields that go on. A client repeats them with every request, so they are worked out once. */
function keptFields(rewriting: Rewriting, withheld: readonly TokenLocation[]): FieldList {
  const { permit, request, form } = rewriting
  const { route, principal } = permit
  const isAnew = !request.repeated || form !== undefined || permit.passed.replaced.size > 0
  if (isAnew) return new FieldList(keptHeaders(rewriting, withheld))
  const known = KEPT.get(request.headers)
  const same = known?.route === route && known.principal === principal && known.withheld === withheld
  if (known !== undefined && same) return known.fields
  const fields = new FieldList(keptHeaders(rewriting, withheld))
  KEPT.set(request.headers, { route, principal, withheld, fields })
  return fields
}

/** The client's own end-to-end fields that it may send on, its cookies with the gateway's. */
function keptHeaders(rewriting: Rewriting, withheld: readonly TokenLocation[]): string[] {
  const { permit, request } = rewriting
  const exclusion = exclusionOf(rewriting, withheld)
  const kept: string[] = []
  const source = endToEnd(request.headers)
  let cookies = rewriting.identity.cookie
  for (let i = 0; i < source.length; i += 2) {
    const name = source[i] ?? ''
    const lower = name.toLowerCase()
    const own = source[i + 1] ?? ''
    if (isExcluded(lower, own, exclusion)) continue
    const value = lower === 'cookie' ? appendCookies(rewriteCookies(own, permit, withheld), cookies) : own
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
  /** Lower-case names of fields that somebody who was asked has written anew. */
  readonly replaced: ReadonlySet<string>
  /** Fields that hold a token: by lower-case name, and what their value then begins with. */
  readonly tokens: readonly { readonly name: string; readonly prefix: string }[]
  /**
   * Lower-case name and spelling of the field in which the verified token stood, where backends take other names for
   * it: `X_Token` beside `X-Token` would be a second token, and one that nobody verified (CVE-2025-64484).
   */
  readonly verified: { readonly name: string; readonly spelling: string } | undefined
  readonly hasForm: boolean
}

function exclusionOf({ permit, form }: Rewriting, withheld: readonly TokenLocation[]): Exclusion {
  const { principal, route } = permit
  const name = principal?.location.in === 'header' ? principal.location.name.toLowerCase() : ''
  const spelling = spellingOf(name)
  return {
    reserved: route.reserved.header,
    replaced: permit.passed.replaced,
    tokens: withheld.flatMap((location) =>
      location.in === 'header' ? [{ name: location.name.toLowerCase(), prefix: location.prefix }] : [],
    ),
    verified: spelling.includes('-') ? { name, spelling } : undefined,
    hasForm: form !== undefined,
  }
}

function isExcluded(
  lowerName: string,
  value: string,
  { reserved, replaced, tokens, verified, hasForm }: Exclusion,
): boolean {
  if (isReplaced(lowerName, hasForm) || replaced.has(lowerName)) return true
  // Credentials of another kind in the same field (Basic beside a token in a cookie) are not ours to take.
  if (tokens.some(({ name, prefix }) => lowerName === name && value.startsWith(prefix))) return true
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

function rewriteCookies(header: string, permit: Permit, withheld: readonly TokenLocation[]): string {
  const drop = dropping('cookie', permit, withheld)
  return drop === undefined ? header : removeCookies(header, drop)
}

function rewriteQuery(
  { permit, query, identity }: Rewriting,
  withheld: readonly TokenLocation[],
): string | undefined {
  const drop = query === undefined ? undefined : dropping('query', permit, withheld)
  let rest = query
  if (query !== undefined && drop !== undefined) {
    const left = removePairs(query, drop)
    // A query that held nothing else goes with its question mark; one that was empty before stays as it came.
    rest = left === '' && query !== '' ? undefined : left
  }
  return identity.query.length === 0 ? rest : appendPairs(rest ?? '', identity.query)
}

function rewriteForm(
  { permit, form, identity }: Rewriting,
  withheld: readonly TokenLocation[],
): { readonly bytes: Buffer; readonly contentType: string } | undefined {
  if (form === undefined) return undefined
  const drop = dropping('form', permit, withheld)
  const left = drop === undefined ? form : form.remove(drop)
  const whole = identity.form.length === 0 ? left : left.append(identity.form)
  return { bytes: whole.bytes, contentType: whole.contentType }
}

/** Which names go from a place: reserved ones and those of tokens, in every spelling. Undefined where none does. */
function dropping(
  place: 'cookie' | 'query' | 'form',
  { route }: Permit,
  withheld: readonly TokenLocation[],
): ((name: string) => boolean) | undefined {
  const reserved = route.reserved[place]
  const tokens = withheld.flatMap((location) => (location.in === place ? [spellingOf(location.name)] : []))
  if (reserved.size === 0 && tokens.length === 0) return undefined
  return (name) => {
    const spelling = spellingOf(name)
    return reserved.has(spelling) || tokens.includes(spelling)
  }
}
