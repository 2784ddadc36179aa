import { REASONS, type Principal } from '../authn/index.ts'
import { refuse, type Refusal } from '../errors/refusal.ts'
import { FieldList, NO_FIELD_LIST } from '../http1/index.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { ClaimMapping } from '../plan/spec.ts'
import type { Trace } from '../policy/index.ts'
import { claimAt, claimText, headerBytes } from '../authn/claim-text.ts'

/** The verified claims as the backend gets them, names and texts in turn. */
export interface Identity {
  readonly header: FieldList
  readonly query: readonly string[]
  readonly form: readonly string[]
  readonly cookie: readonly string[]
}

/** Of a principal whose claims are not handed on, and of none. */
export const NOBODY: Identity = { header: NO_FIELD_LIST, query: [], form: [], cookie: [] }

/**
 * What of a principal is handed on. A claim that its place cannot carry unchanged refuses the request: dropping or
 * bending it would hand the backend another identity.
 */
export function identityOf(
  principal: Principal | undefined,
  trace: Trace | undefined,
): Result<Identity, Refusal> {
  const mappings = principal?.authentication.spec.forward
  if (principal === undefined || mappings === undefined || mappings.length === 0) return ANONYMOUS
  if (!principal.repeated || trace !== undefined) return readIdentity(principal, mappings, trace)
  const known = KNOWN.get(principal)
  if (known !== undefined) return known
  const identity = readIdentity(principal, mappings, trace)
  KNOWN.set(principal, identity)
  return identity
}

const ANONYMOUS = ok(NOBODY)

/** Claims do not change, so that a principal who comes again is worked out no more than twice. */
const KNOWN = new WeakMap<Principal, Result<Identity, Refusal>>()

function readIdentity(
  principal: Principal,
  mappings: readonly ClaimMapping[],
  trace: Trace | undefined,
): Result<Identity, Refusal> {
  const identity = {
    header: [] as string[],
    query: [] as string[],
    form: [] as string[],
    cookie: [] as string[],
  }
  for (const mapping of mappings) {
    const text = claimText(claimAt(principal.claims, mapping.claim))
    if (text === undefined) {
      trace?.push({
        stage: 'rewrite',
        outcome: 'noted',
        message: `${described(mapping)}: the token has no such claim, so nothing is set`,
      })
      continue
    }
    const carried = mapping.in === 'header' ? headerBytes(text) : text.isWellFormed() ? text : undefined
    if (carried === undefined) {
      trace?.push({
        stage: 'rewrite',
        outcome: 'failed',
        message: `${described(mapping)}: ${REASONS['claim-not-forwardable'].detail}`,
      })
      return err(unforwardable(principal, mapping))
    }
    identity[mapping.in].push(mapping.name, carried)
    trace?.push({
      stage: 'rewrite',
      outcome: 'passed',
      message: trace.showsValues ? `${described(mapping)}: \`${text}\`` : described(mapping),
    })
  }
  return ok({ ...identity, header: new FieldList(identity.header) })
}

function described({ claim, in: place, name }: ClaimMapping): string {
  return `claim \`${claim.join(' → ')}\` to ${place} \`${name}\``
}

function unforwardable(principal: Principal, mapping: ClaimMapping): Refusal {
  const { code, detail } = REASONS['claim-not-forwardable']
  return refuse(code, 'claim-not-forwardable', {
    by: principal.authentication.spec.name,
    detail: `${detail}: ${described(mapping)}`,
  })
}
