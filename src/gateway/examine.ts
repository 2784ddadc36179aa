import type { ExternalResponse } from '../authz/index.ts'
import { refuse, type Refusal } from '../errors/refusal.ts'
import { formType, type FormType } from '../inbound/fields/form.ts'
import type { InboundRequest } from '../inbound/request.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { Cover } from '../plan/cover.ts'
import type { Plan, Route } from '../plan/plan.ts'
import type { Unrouted } from '../plan/route-index.ts'
import type { RefusalStyle } from '../plan/spec.ts'
import { canonicalHost, canonicalPath, normalizePath, type Trace } from '../policy/index.ts'
import type { Observation } from '../policy/istio/index.ts'

/** A request of which it is known where it leads and what it needs: all that is asked before its body is. */
export interface Examined {
  readonly plan: Plan
  readonly request: InboundRequest
  /** Canonical, without port. */
  readonly host: string
  /** The one path that is matched and forwarded. */
  readonly path: string
  /** What follows the first `?`, as it came; undefined without one. */
  readonly query: string | undefined
  readonly route: Route
  readonly cover: Cover
  /** The form in the body that must be read before the decision, for a token or to remove reserved names. */
  readonly form: FormType | undefined
}

export interface Refused {
  readonly outcome: 'refuse'
  readonly refusal: Refusal
  readonly style: RefusalStyle
  readonly route: Route | undefined
  /** Fields that the answer needs beside the usual ones, names and values in turn. */
  readonly headers: readonly string[]
  /** What somebody else has answered, who was asked: it stands in place of the usual words. */
  readonly response?: ExternalResponse
  /** What policies without a say would have said of it. */
  readonly observations: readonly Observation[]
  /** Others come first: so much of what its source sends is bad. */
  readonly late: boolean
}

/** Steps 2 to 4 of a request: its canonical host and path, its route, and the guards that speak for it. */
export function examine(
  plan: Plan,
  request: InboundRequest,
  trace: Trace | undefined,
): Result<Examined, Refused> {
  const place = locate(plan, request, trace)
  if (!place.ok) return err(refused(place.error))
  const { host, path, query } = place.value
  const route = plan.routes.match(host, path, request.method)
  if (route.kind !== 'route') return err(unrouted(route, host, path, trace))
  trace?.push({
    stage: 'route',
    outcome: 'passed',
    message: `route \`${route.spec.name}\` takes ${request.method} ${path}`,
    subject: route.spec.name,
    origin: `${route.spec.origin.file}:${route.spec.origin.line}`,
  })
  const cover = route.guards.cover(host, path)
  if (trace !== undefined) traceCover(route, cover, host, path, trace)
  const form = cover.wantsForm || route.reserved.form.size > 0 ? formType(request.headers) : NO_FORM
  if (!form.ok) return err(unreadableForm(form.error, route, trace))
  return ok({ plan, request, host, path, query, route, cover, form: form.value })
}

const NO_FORM = ok(undefined)

interface Place {
  readonly host: string
  readonly path: string
  readonly query: string | undefined
}

function locate(plan: Plan, request: InboundRequest, trace: Trace | undefined): Result<Place, Refusal> {
  const host = request.authority === '' ? ok({ host: '' }) : canonicalHost(request.authority)
  if (!host.ok) {
    trace?.push({
      stage: 'request',
      outcome: 'failed',
      message: `the host is not usable: ${host.error.detail}`,
    })
    return err(refuse('GW_REQUEST_MALFORMED', host.error.reason, { detail: host.error.detail }))
  }
  const mark = request.target.indexOf('?')
  const raw = mark === -1 ? request.target : request.target.slice(0, mark)
  const { http } = plan.spec
  const path =
    http.pathNormalization === undefined
      ? canonicalPath(raw, http)
      : normalizePath(raw, http.pathNormalization)
  if (!path.ok) {
    trace?.push({ stage: 'path', outcome: 'failed', message: path.error.detail })
    return err(refuse('GW_REQUEST_PATH', path.error.reason, { detail: path.error.detail }))
  }
  if (path.value !== raw) {
    trace?.push({
      stage: 'path',
      outcome: 'noted',
      message: `the path is matched and forwarded as \`${path.value}\``,
    })
  }
  return ok({
    host: host.value.host,
    path: path.value,
    query: mark === -1 ? undefined : request.target.slice(mark + 1),
  })
}

export function refused(refusal: Refusal, style: RefusalStyle = 'problem', route?: Route): Refused {
  return { outcome: 'refuse', refusal, style, route, headers: [], observations: [], late: false }
}

/** The body says that it is a form, and is none that can be read without doubt. */
export function unreadableForm(refusal: Refusal, route: Route, trace: Trace | undefined): Refused {
  trace?.push({ stage: 'request', outcome: 'failed', message: refusal.detail ?? refusal.reason })
  return refused(refusal, route.spec.refusals, route)
}

function unrouted(match: Unrouted, host: string, path: string, trace: Trace | undefined): Refused {
  switch (match.kind) {
    case 'no-host':
      trace?.push({
        stage: 'route',
        outcome: 'failed',
        message: `no route names the host \`${host}\`, and none is for all hosts`,
      })
      return refused(refuse('GW_ROUTE_NOT_FOUND', 'no-route-for-host'))
    case 'no-path':
      trace?.push({
        stage: 'route',
        outcome: 'failed',
        message: `no route of the host \`${host}\` takes the path \`${path}\``,
      })
      return refused(refuse('GW_ROUTE_NOT_FOUND', 'no-route-for-path'))
    case 'no-method': {
      const allow = match.allowed.join(', ')
      trace?.push({ stage: 'route', outcome: 'failed', message: `the path is routed for ${allow} only` })
      return { ...refused(refuse('GW_ROUTE_METHOD', 'method-not-routed')), headers: ['Allow', allow] }
    }
  }
}

/** More are counted: a line of the log, and its price, must not grow with the configuration. */
const MAX_LOGGED_GUARDS = 16

function traceCover(route: Route, cover: Cover, host: string, path: string, trace: Trace): void {
  if (!trace.showsValues && route.guards.size > MAX_LOGGED_GUARDS) {
    const asking = cover.required ? cover.rules : 0
    trace.push({
      stage: 'requirement',
      outcome: asking > 0 ? 'passed' : 'skipped',
      message: `${asking} of ${route.guards.size} rules need a token; \`claimgate explain\` names them`,
    })
    return
  }
  for (const { guard, needs, condition } of route.guards.explain(host, path)) {
    const { name, origin, requirement } = guard.spec
    const listed =
      condition === undefined
        ? 'no condition lists the request'
        : `condition \`${condition.host}${condition.path}\` lists the request`
    const why = requirement.mode === 'all' || requirement.mode === 'optional' ? '' : `: ${listed}`
    trace.push({
      stage: 'requirement',
      outcome: needs ? 'passed' : 'skipped',
      message: `\`${name}\` (${requirement.mode}) ${needs ? 'needs a token' : 'needs no token'}${why}`,
      subject: name,
      origin: `${origin.file}:${origin.line}`,
    })
  }
  if (cover.rules === 0 && route.checkpoints.length === 0) {
    trace.push({
      stage: 'requirement',
      outcome: 'noted',
      message: 'no token is needed here, and none is looked at',
    })
  }
}
