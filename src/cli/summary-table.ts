import { hostCovers, pathCovers } from '../dialects/patterns.ts'
import type { CheckpointSpec } from '../plan/checkpoint-spec.ts'
import type { ConditionSpec, GuardSpec, PlanSpec, RouteSpec } from '../plan/spec.ts'
import { printable } from './terminal.ts'

/** A screen or two; `check --plan` has the rest. */
const MAX_ROUTES = 60
const MAX_CONDITIONS = 6
/** One long cell must not push the others off the screen. */
const MAX_WIDTH = 40
const HEADINGS = ['HOST', 'PATH', 'METHODS', 'BACKEND', 'TOKEN'] as const

/** Which requests need a token, and where they go: one line for each route, then the rules over all of them. */
export function summaryTable({ routes, guards, checkpoints }: PlanSpec): string {
  const shown = routes.slice(0, MAX_ROUTES)
  const rows = shown.map((route) => rowOf(route, otherRules(guards, checkpoints)))
  const table = aligned([HEADINGS, ...rows])
  const more = routes.length - shown.length
  return [
    ...table,
    ...(more > 0 ? [`and ${more} more: --plan prints them`] : []),
    ...(guards.length > 0 ? ['', 'Over all routes:'] : []),
    ...guards.map((guard) => `${guard.name}: ${needOf(guard)}`),
    ...(checkpoints?.places ?? []).flatMap((place) => ['', ...checkpointLines(place)]),
  ]
    .map((line) => `${`  ${printable(line)}`.trimEnd()}\n`)
    .join('')
}

/** What is said of a route that has no rules of its own. */
function otherRules(guards: PlanSpec['guards'], checkpoints: PlanSpec['checkpoints']): string {
  if (guards.length > 0) return 'by the rules below'
  return checkpoints === undefined ? 'none' : 'by the policies below'
}

/** What a workload asks for: its rules for tokens, then its policies. */
function checkpointLines({ backend, workload, tokenRules, policies }: CheckpointSpec): readonly string[] {
  const labels = Object.entries(workload.labels).map(([label, value]) => `${label}=${value}`)
  const name = backend === undefined ? 'At the gateway' : `At the backend ${backend}`
  const shownRules = tokenRules
    .slice(0, MAX_ROUTES)
    .map((rule) => `${rule.name}: tokens of ${rule.issuer ?? 'any issuer'}`)
  const shownPolicies = policies
    .slice(0, MAX_ROUTES)
    .map(
      ({ name: policy, action, rules, dryRun }) =>
        `${policy}: ${action.toUpperCase()}, ${rules.length} rules${dryRun ? ', only tried out' : ''}`,
    )
  const nothing = shownRules.length + shownPolicies.length === 0 ? ['nothing'] : []
  return [
    `${name} (${[workload.namespace, ...labels].join(', ')}):`,
    ...shownRules,
    ...shownPolicies,
    ...nothing,
  ]
}

function rowOf(route: RouteSpec, none: string): readonly string[] {
  const needs = [...new Set(route.guards.map((guard) => needOn(route, guard)))]
    .filter((need) => need !== '')
    .join('; or ')
  return [
    abridged(route.hosts),
    route.path,
    route.methods === undefined ? 'all' : route.methods.join(','),
    route.backend,
    needs === '' ? none : needs,
  ]
}

/** What a guard asks for on a route: of its conditions only those that concern it. Empty for nothing. */
function needOn(route: RouteSpec, guard: GuardSpec): string {
  const { requirement } = guard
  if (!('conditions' in requirement)) return needOf(guard)
  const conditions = requirement.conditions.filter((condition) => concerns(condition, route))
  const isWhole = conditions.some((condition) => coversWhole(condition, route))
  // A list that holds the whole route says no more than "all" or "nothing".
  if (requirement.mode === 'whitelist')
    return isWhole ? '' : needOf(withConditions(guard, 'whitelist', conditions))
  if (conditions.length === 0) return ''
  return isWhole ? guard.authentication : needOf(withConditions(guard, 'blacklist', conditions))
}

function withConditions(
  guard: GuardSpec,
  mode: 'whitelist' | 'blacklist',
  conditions: readonly ConditionSpec[],
): GuardSpec {
  return { ...guard, requirement: { mode, conditions } }
}

function concerns(condition: ConditionSpec, { hosts, path }: RouteSpec): boolean {
  const meet = (covers: (outer: string, inner: string) => boolean, a: string, b: string): boolean =>
    covers(a, b) || covers(b, a)
  return (
    meet(pathCovers, condition.path, path) && hosts.some((host) => meet(hostCovers, condition.host, host))
  )
}

function coversWhole(condition: ConditionSpec, { hosts, path }: RouteSpec): boolean {
  return pathCovers(condition.path, path) && hosts.every((host) => hostCovers(condition.host, host))
}

function needOf({ authentication, requirement }: GuardSpec): string {
  switch (requirement.mode) {
    case 'all':
      return authentication
    case 'optional':
      return `${authentication}, if there is one`
    case 'whitelist':
      return requirement.conditions.length === 0
        ? authentication
        : `${authentication}, but none for ${conditionsText(requirement.conditions)}`
    case 'blacklist':
      return `${authentication}, only for ${conditionsText(requirement.conditions)}`
  }
}

function conditionsText(conditions: readonly ConditionSpec[]): string {
  return abridged(conditions.map(({ host, path }) => (host === '*' ? path : `${host}${path}`)))
}

function abridged(texts: readonly string[]): string {
  const more = texts.length - MAX_CONDITIONS
  return texts.slice(0, MAX_CONDITIONS).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.min(MAX_WIDTH, Math.max(...rows.map((row) => (row[column] ?? '').length))),
  )
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
}
