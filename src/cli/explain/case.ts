import { parseForm, formType, type Form } from '../../inbound/fields/form.ts'
import type { InboundRequest } from '../../inbound/request.ts'
import { examine } from '../../gateway/examine.ts'
import type { Explanation } from '../../gateway/explain.ts'
import type { Cover } from '../../plan/cover.ts'
import type { Authentication, Plan, Route } from '../../plan/plan.ts'
import type { TokenLocation } from '../../plan/spec.ts'
import { textsAt, type LocatedText } from './located-text.ts'
import { tokenView, type TokenView } from './token-view.ts'

/** A request with its explanation, and all that advice is drawn from. */
export interface Case {
  readonly plan: Plan
  readonly request: InboundRequest
  readonly body: Buffer | undefined
  readonly form: Form | undefined
  readonly explanation: Explanation
  readonly nowMs: number
  readonly route: Route | undefined
  readonly cover: Cover | undefined
  /** Those that speak for this request. */
  readonly authentications: readonly Authentication[]
  /** Where its token is looked for, in order. */
  readonly locations: readonly TokenLocation[]
  /** What stands there. */
  readonly texts: readonly LocatedText[]
  /** The token that was verified or refused, as far as it can be read; undefined where there is none. */
  readonly token: TokenView | undefined
}

/** What to do about a refusal, in plain words and in the order of likelihood; empty where there is nothing to say. */
export type Advisor = (the: Case) => readonly string[]

export interface CaseInput {
  readonly request: InboundRequest
  readonly body: Buffer | undefined
  readonly explanation: Explanation
  readonly nowMs: number
}

/** Looks at a decided request once more, this time at what it nearly was. */
export function openCase(plan: Plan, { request, body, explanation, nowMs }: CaseInput): Case {
  const examined = examine(plan, request, undefined)
  const { route, cover } = examined.ok ? examined.value : { route: examined.error.route, cover: undefined }
  const form = readableForm(request, body)
  const ofGuards = cover?.searches.flatMap((search) => search.locations) ?? []
  const ofRules =
    route?.checkpoints.flatMap(({ tokenRules }) => tokenRules.flatMap((rule) => rule.locations)) ?? []
  const locations = [...ofGuards, ...new Set(ofRules)]
  const texts = locations.flatMap((location) => textsAt(location, request, form))
  const views = texts.map((text) => tokenView(text, plan.tokenLimits))
  return {
    plan,
    request,
    body,
    form,
    explanation,
    nowMs,
    route,
    cover,
    authentications: cover?.authentications ?? [],
    locations,
    texts,
    // Of several, the one that the refusal is about: it is readable where the reason lies beyond reading.
    token: views.find(({ problem }) => problem === explanation.reason) ?? views.find(isReadable) ?? views[0],
  }
}

function isReadable({ problem }: TokenView): boolean {
  return problem === undefined
}

function readableForm(request: InboundRequest, body: Buffer | undefined): Form | undefined {
  const type = formType(request.headers)
  if (!type.ok || type.value === undefined || body === undefined) return undefined
  const form = parseForm(type.value, body)
  return form.ok ? form.value : undefined
}
