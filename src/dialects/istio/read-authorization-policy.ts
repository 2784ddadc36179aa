import type { GroupSpec, PolicyRuleSpec, PolicySpec } from '../../policy/istio/index.ts'
import { SourceNode } from '../source-node.ts'
import { Fields } from './fields.ts'
import { ATTACHMENT_FIELDS, readAttachment } from './read-attachment.ts'
import { readCondition } from './read-condition.ts'
import { OPERATION_FIELDS, readTests, SOURCE_FIELDS, type RuleContext } from './read-tests.ts'
import type { AuthorizationPolicy, Resource } from './schema.ts'

const MAX_RULES = 512
const MAX_SOURCES = 512

const ACTIONS: ReadonlyMap<string, PolicySpec['action']> = new Map([
  ['ALLOW', 'allow'],
  ['DENY', 'deny'],
  ['AUDIT', 'audit'],
  ['CUSTOM', 'custom'],
])

export function readAuthorizationPolicy(resource: Resource): AuthorizationPolicy {
  const root = new Fields(resource.node, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const spec =
    root.object('spec', [...ATTACHMENT_FIELDS, 'rules', 'action', 'provider']) ??
    // As an empty one: it allows nothing.
    new Fields(new SourceNode(resource.node.document, resource.node.path, {}), [])
  const action = readAction(spec)
  const context = { namespace: resource.namespace, action }
  const rules = (spec.items('rules') ?? []).map((item) => readRule(item, context))
  checkRules(spec, action, rules.length)
  return {
    ...resource,
    attachment: readAttachment(spec),
    spec: {
      name: `${resource.namespace}/${resource.name}`,
      origin: resource.node.origin,
      action,
      dryRun: isDryRun(resource.node, action),
      provider: readProvider(spec, action),
      rules,
    },
  }
}

function readAction(spec: Fields): PolicySpec['action'] {
  const node = spec.get('action')
  if (node === undefined) return 'allow'
  const action = ACTIONS.get(node.word())
  if (action !== undefined) return action
  node.error(`\`${node.word()}\` is not an action`, 'it is ALLOW, DENY, AUDIT or CUSTOM')
  return 'deny'
}

function readProvider(spec: Fields, action: PolicySpec['action']): string | undefined {
  const provider = spec.object('provider', ['name'])
  if (provider !== undefined && action !== 'custom')
    provider.node.error('`provider` is for `action: CUSTOM` alone', 'leave it out')
  if (action !== 'custom') return undefined
  const name = provider?.text('name')
  if (name === undefined || name === '')
    spec.node.error('`action: CUSTOM` needs a `provider` with a `name`', 'name one of `extensionProviders`')
  return name
}

function checkRules(spec: Fields, action: PolicySpec['action'], count: number): void {
  if (count > MAX_RULES) spec.get('rules')?.error(`\`rules\` may have ${MAX_RULES} items at most`)
  if (count > 0 || (action !== 'deny' && action !== 'custom')) return
  ;(spec.get('rules') ?? spec.node).error(
    `a policy of \`action: ${action.toUpperCase()}\` without rules matches nothing`,
    'write rules, or `rules: [{}]` for every request',
  )
}

const DRY_RUN = 'istio.io/dry-run'
/** What Go reads as true; all else is enforced. */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']

function isDryRun(resource: SourceNode, action: PolicySpec['action']): boolean {
  const annotation = ['metadata', 'annotations', DRY_RUN].reduce<SourceNode | undefined>(
    (node, name) => node?.members().find((member) => member.name === name),
    resource,
  )
  const isOn = annotation !== undefined && TRUE.includes(annotation.word())
  if (!isOn) return false
  if (action === 'custom')
    annotation.warning('a CUSTOM policy cannot be tried out: its provider is asked, and heard')
  else
    annotation.warning(
      `the policy is only tried out (\`${DRY_RUN}\`): it lets nobody in and keeps nobody out`,
    )
  return true
}

function readRule(node: SourceNode, context: RuleContext): PolicyRuleSpec {
  const rule = new Fields(node, ['from', 'to', 'when'])
  const groups: GroupSpec[] = []
  const from = readAlternatives(rule, 'from', 'source', SOURCE_FIELDS, context)
  if (from !== undefined) groups.push(from)
  const to = readAlternatives(rule, 'to', 'operation', OPERATION_FIELDS, context)
  if (to !== undefined) groups.push(to)
  for (const item of rule.items('when') ?? []) {
    const tests = readCondition(item, context)
    if (tests !== undefined) groups.push({ part: 'when', alternatives: [tests] })
  }
  return { origin: node.origin, groups }
}

function readAlternatives(
  rule: Fields,
  part: 'from' | 'to',
  member: 'source' | 'operation',
  known: readonly string[],
  context: RuleContext,
): GroupSpec | undefined {
  const items = rule.items(part)
  if (items === undefined) return undefined
  if (items.length === 0)
    rule.get(part)?.error(`\`${part}\` must not be empty`, `leave \`${part}\` out for any`)
  if (items.length > MAX_SOURCES) rule.get(part)?.error(`\`${part}\` may have ${MAX_SOURCES} items at most`)
  const alternatives = items.map((item) => {
    const fields = new Fields(item, [member]).object(member, known)
    const isEmpty = fields === undefined || fields.node.members().length === 0
    if (isEmpty) item.error(`\`${part}.${member}\` must not be empty`, `leave \`${part}\` out for any`)
    return fields === undefined ? [] : readTests(fields, known, context)
  })
  return { part, alternatives }
}
