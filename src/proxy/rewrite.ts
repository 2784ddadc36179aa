import type { Principal } from '../authn/index.ts'
import type { Applicant, FieldsAndQuery, Passage, Passed, Permit } from '../authz/index.ts'
import { FieldList } from '../http1/index.ts'
import { appendCookies, removeCookies } from '../inbound/fields/cookie.ts'
import type { Form } from '../inbound/fields/form.ts'
import { appendPairs, removePairs } from '../inbound/fields/query.ts'
import { forwardingFields, isForwardingField } from '../inbound/forwarding.ts'
import type { InboundRequest } from '../inbound/request.ts'
import type { ReservedNames } from '../plan/plan.ts'
import { rewritePath } from '../plan/rewrite-path.ts'
import type { TokenLocation } from '../plan/spec.ts'
import { spellingOf, type AddressSet } from '../policy/index.ts'
import { endToEnd } from './hop-by-hop.ts'
import { identityOf, NOBODY, type Identity } from './identity.ts'
import { UpstreamRequest } from './upstream.ts'

export interface Rewriting extends Rewritable {
  readonly permit: Permit
}

interface Rewritable {
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
  const { permit: passage, request, path } = rewriting
  const withheld = withheldFrom(passage)
  const query = rewriteQuery(rewriting, passage, withheld)
  const body = rewriteForm(rewriting, passage, withheld)
  const target = rewritePath(path, passage.route.pathRewrites) + (query === undefined ? '' : `?${query}`)
  const kept = keptFields(rewriting, passage, withheld)
  const fields = withOwnFields(kept, body?.contentType, rewriting, passage)
  return new UpstreamRequest({
    method: request.method,
    target,
    host: request.authority,
    fields,
    body: body?.bytes,
  })
}

/** The fields and the query that the backend would get of a request so far: to be looked at, not to be sent. */
export function previewRequest(
  passage: Passage,
  { plan, request, path, query }: Applicant,
  requestId: string,
): FieldsAndQuery {
  const identity = identityOf(passage.principal, undefined)
  const rewritable: Rewritable = {
    request,
    path,
    query,
    form: undefined,
    // Where a claim cannot be carried the request is refused, whatever policies say of it.
    identity: identity.ok ? identity.value : NOBODY,
    requestId,
    trustedPeers: plan.trustedPeers,
  }
  const withheld = withheldFrom(passage)
  const kept = new FieldList(keptHeaders(rewritable, passage, withheld))
  return {
    headers: withOwnFields(kept, undefined, rewritable, passage).flatMap(({ pairs }) => pairs),
    query: rewriteQuery(rewritable, passage, withheld),
  }
}

/** The client's fields, and then what the gateway says itself. */
function withOwnFields(
  kept: FieldList,
  contentType: string | undefined,
  { request, trustedPeers, requestId, identity }: Rewritable,
  { passed }: Passage,
): readonly FieldList[] {
  const forwarding = forwardingFields(request, trustedPeers)
  const fields = [kept, forwarding, new FieldList(['X-Request-Id', requestId]), identity.header]
  if (contentType !== undefined) fields.push(new FieldList(['Content-Type', contentType]))
  for (const pairs of passed.fields) fields.push(listOf(pairs))
  return fields
}

/**
 * Where tokens are that the backend must not get: the verified one, and whatever else stands where tokens are looked
 * for, which a backend might take for verified. Nothing where the token is passed through.
 */
function withheldFrom({ principal, cover, passed }: Passage): readonly TokenLocation[] {
  const byGuards = principal === undefined ? cover.withheld : withheldBy(principal)
  if (passed.withheld.length === 0) return byGuards
  return byGuards.length === 0 ? passed.withheld : [...byGuards, ...passed.withheld]
}

function withheldBy({ authentication }: Principal): readonly TokenLocation[] {
  const { keepToken, locations } = authentication.spec
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
  readonly reserved: ReservedNames
  readonly principal: Principal | undefined
  readonly withheld: readonly TokenLocation[]
  readonly fields: FieldList
}

const KEPT = new WeakMap<readonly string[], Kept>()

/** The client's own fields that go on. A client repeats them with every request, so they are worked out once. */
function keptFields(rewritable: Rewritable, passage: Passage, withheld: readonly TokenLocation[]): FieldList {
  const { request, form } = rewritable
  const { passed, principal } = passage
  const { reserved } = passage.route
  const isAnew = !request.repeated || form !== undefined || passed.replaced.size > 0
  if (isAnew) return new FieldList(keptHeaders(rewritable, passage, withheld))
  const known = KEPT.get(request.headers)
  const same = known?.reserved === reserved && known.principal === principal && known.withheld === withheld
  if (known !== undefined && same) return known.fields
  const fields = new FieldList(keptHeaders(rewritable, passage, withheld))
  KEPT.set(request.headers, { reserved, principal, withheld, fields })
  return fields
}

/** The client's own end-to-end fields that it may send on, its cookies with the gateway's. */
function keptHeaders(
  { request, form, identity }: Rewritable,
  passage: Passage,
  withheld: readonly TokenLocation[],
): string[] {
  const exclusion = exclusionOf(form, passage, withheld)
  const kept: string[] = []
  const source = endToEnd(request.headers)
  let cookies = identity.cookie
  for (let i = 0; i < source.length; i += 2) {
    const name = source[i] ?? ''
    const lower = name.toLowerCase()
    const own = source[i + 1] ?? ''
    if (isExcluded(lower, own, exclusion)) continue
    const value = lower === 'cookie' ? appendCookies(rewriteCookies(own, passage, withheld), cookies) : own
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
   * Lower-case names and spellings of fields in which verified tokens stood, where backends take other names for them:
   * `X_Token` beside `X-Token` would be a second token, and one that nobody verified (CVE-2025-64484).
   */
  readonly verified: readonly { readonly name: string; readonly spelling: string }[]
  readonly hasForm: boolean
}

function exclusionOf(
  form: Form | undefined,
  { principal, route, passed }: Passage,
  withheld: readonly TokenLocation[],
): Exclusion {
  return {
    reserved: route.reserved.header,
    replaced: passed.replaced,
    tokens: withheld.flatMap((location) =>
      location.in === 'header' ? [{ name: location.name.toLowerCase(), prefix: location.prefix }] : [],
    ),
    verified: verifiedIn(principal, passed),
    hasForm: form !== undefined,
  }
}

function verifiedIn(principal: Principal | undefined, { withheld }: Passed): Exclusion['verified'] {
  const ofGuard = principal === undefined ? NOTHING : [principal.location]
  return [...ofGuard, ...withheld].flatMap((location) => {
    if (location.in !== 'header') return []
    const spelling = spellingOf(location.name)
    return spelling.includes('-') ? [{ name: location.name.toLowerCase(), spelling }] : []
  })
}

function isExcluded(
  lowerName: string,
  value: string,
  { reserved, replaced, tokens, verified, hasForm }: Exclusion,
): boolean {
  if (isReplaced(lowerName, hasForm) || replaced.has(lowerName)) return true
  // Credentials of another kind in the same field (Basic beside a token in a cookie) are not ours to take.
  if (tokens.some(({ name, prefix }) => lowerName === name && value.startsWith(prefix))) return true
  if (reserved.size === 0 && verified.length === 0) return false
  const spelling = spellingOf(lowerName)
  if (reserved.has(spelling)) return true
  return verified.some((field) => field.spelling === spelling && field.name !== lowerName)
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

function rewriteCookies(header: string, passage: Passage, withheld: readonly TokenLocation[]): string {
  const drop = dropping('cookie', passage, withheld)
  return drop === undefined ? header : removeCookies(header, drop)
}

function rewriteQuery(
  { query, identity }: Rewritable,
  passage: Passage,
  withheld: readonly TokenLocation[],
): string | undefined {
  const drop = query === undefined ? undefined : dropping('query', passage, withheld)
  let rest = query
  if (query !== undefined && drop !== undefined) {
    const left = removePairs(query, drop)
    // A query that held nothing else goes with its question mark; one that was empty before stays as it came.
    rest = left === '' && query !== '' ? undefined : left
  }
  return identity.query.length === 0 ? rest : appendPairs(rest ?? '', identity.query)
}

function rewriteForm(
  { form, identity }: Rewritable,
  passage: Passage,
  withheld: readonly TokenLocation[],
): { readonly bytes: Buffer; readonly contentType: string } | undefined {
  if (form === undefined) return undefined
  const drop = dropping('form', passage, withheld)
  const left = drop === undefined ? form : form.remove(drop)
  const whole = identity.form.length === 0 ? left : left.append(identity.form)
  return { bytes: whole.bytes, contentType: whole.contentType }
}

/** Which names go from a place: reserved ones and those of tokens, in every spelling. Undefined where none does. */
function dropping(
  place: 'cookie' | 'query' | 'form',
  { route }: Passage,
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
