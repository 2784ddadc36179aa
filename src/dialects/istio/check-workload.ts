import type { CheckpointSpec } from '../../plan/checkpoint-spec.ts'
import type { PolicySpec, TestSpec } from '../../policy/istio/index.ts'
import type { SourceNode } from '../source-node.ts'
import type { MeshSettings, MeshWorkload } from './compile.ts'
import type { AuthorizationPolicy, MeshResources } from './schema.ts'

/** Says what means something else than it seems to: the traps of the two resources, each where it is laid. */
export function checkWorkload(
  checkpoint: CheckpointSpec,
  workload: MeshWorkload,
  gateway: CheckpointSpec | undefined,
  resources: MeshResources,
  settings: MeshSettings,
): void {
  const own = resources.policies.filter(({ spec }) => checkpoint.policies.includes(spec))
  checkProviders(own, settings)
  for (const policy of own) checkTests(policy, workload)
  for (const rule of checkpoint.tokenRules) {
    const node = resources.requestAuthentications
      .flatMap(({ rules }) => rules)
      .find(
        (each) =>
          `${each.node.origin.file}:${each.node.origin.line}` === `${rule.origin.file}:${rule.origin.line}`,
      )?.node
    node?.warning(`\`${rule.name}\` lets tokens without \`exp\` in, which never expire, as Istio does`)
  }
  if (checkpoint !== gateway && gateway !== undefined) warnOfLostTokens(own, checkpoint, gateway)
}

/** Istio denies every request where two are named; a configuration that says so by accident is better refused. */
function checkProviders(policies: readonly AuthorizationPolicy[], { providers }: MeshSettings): void {
  const custom = policies.filter(({ spec }) => spec.action === 'custom')
  for (const { node, spec } of custom) {
    if (spec.provider === undefined || providers.includes(spec.provider)) continue
    node.error(
      `there is no extension provider \`${spec.provider}\``,
      'write its URL under `mesh.extensionProviders` of a native configuration that imports this file',
    )
  }
  const [first, ...more] = custom
  const other = more.find(({ spec }) => spec.provider !== first?.spec.provider)
  other?.node.error(
    'CUSTOM policies of two providers are for one workload: in Istio every request is denied then',
    'keep the policies of one provider',
  )
}

function checkTests({ node, spec }: AuthorizationPolicy, workload: MeshWorkload): void {
  for (const rule of spec.rules) {
    const tests = rule.groups.flatMap(({ alternatives }) => alternatives.flat())
    for (const test of tests) {
      warnOfPrincipals(node, test)
      warnOfPorts(node, test, workload)
    }
    if (spec.action === 'deny') warnOfMissingClaims(node, tests)
  }
}

/** A line within a resource. */
function at(node: SourceNode, { origin }: TestSpec, message: string, hint: string): void {
  node.document.problems.push({ severity: 'warning', ...origin, message, hint })
}

const BARE_URL = /^https?:\/\/[^/]{0,2048}$/

function warnOfPrincipals(node: SourceNode, test: TestSpec): void {
  if (test.attribute.of !== 'request-principal') return
  const trap = test.values.find((value) => BARE_URL.test(value))
  if (trap === undefined) return
  const half = trap.slice(trap.indexOf('//') + 2)
  at(
    node,
    test,
    `\`${trap}\` is split at its last \`/\`: it means the issuer \`${trap.slice(0, trap.indexOf('//') + 1)}\` and the subject \`${half}\``,
    `write \`${trap.replace(/\*$/, '')}/*\` for every subject of that issuer`,
  )
}

function warnOfPorts(node: SourceNode, test: TestSpec, { ports }: MeshWorkload): void {
  if (test.attribute.of !== 'port' || ports === undefined || ports.includes(0)) return
  if (test.values.some((value) => ports.includes(Number(value)))) return
  at(
    node,
    test,
    `no request comes in at port ${test.values.join(', ')}: it is the workload's own port that is compared, here ${ports.join(', ')}`,
    'write the port at which the workload listens, not that of a Service',
  )
}

const TOKEN_ATTRIBUTES: ReadonlySet<string> = new Set(['claim', 'audience', 'presenter', 'request-principal'])

function warnOfMissingClaims(node: SourceNode, tests: readonly TestSpec[]): void {
  const asksForToken = tests.some(({ attribute, negated }) => TOKEN_ATTRIBUTES.has(attribute.of) && !negated)
  if (asksForToken) return
  for (const test of tests) {
    if (!test.negated || test.attribute.of !== 'claim') continue
    at(
      node,
      test,
      `\`${test.field}\` holds for a token without the claim, and for requests without a token: the rule denies those too`,
      'add `requestPrincipals: ["*"]` under `from` if the rule is only for those with a token',
    )
  }
}

/** The gateway takes the token off, so that a backend's policy sees nobody. */
function warnOfLostTokens(
  policies: readonly AuthorizationPolicy[],
  backend: CheckpointSpec,
  gateway: CheckpointSpec,
): void {
  const lost = gateway.tokenRules.filter(({ keepToken }) => !keepToken)
  const [first] = lost
  if (first === undefined) return
  for (const { node, spec } of policies) {
    // The root namespace's act on the gateway too, and there with the token.
    if (!asksOfTokens(spec)) continue
    node.warning(
      `the gateway takes tokens of \`${first.name}\` off the request, so that this policy sees nobody at the backend \`${backend.backend ?? ''}\``,
      'write `forwardOriginalToken: true` at the gateway, or let the policy be for the gateway alone',
    )
  }
}

function asksOfTokens({ rules }: PolicySpec): boolean {
  return rules.some(({ groups }) =>
    groups.some(({ alternatives }) =>
      alternatives.flat().some(({ attribute }) => TOKEN_ATTRIBUTES.has(attribute.of)),
    ),
  )
}
