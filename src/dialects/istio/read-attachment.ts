import type { SourceNode } from '../source-node.ts'
import { Fields } from './fields.ts'
import type { Attachment } from './schema.ts'

export const ATTACHMENT_FIELDS = ['selector', 'targetRef', 'targetRefs']

const MAX_TARGETS = 16

/** Reads which workloads a resource is for: at most one of `selector`, `targetRef` and `targetRefs`. */
export function readAttachment(spec: Fields): Attachment {
  const written = ATTACHMENT_FIELDS.filter((name) => spec.has(name))
  if (written.length > 1) {
    const names = written.map((name) => `\`${name}\``).join(' and ')
    spec.get(written[1] ?? '')?.error(`only one of ${names} may be set`)
  }
  const one = spec.get('targetRef')
  const targets = one === undefined ? spec.items('targetRefs') : [one]
  if (targets !== undefined && targets.length > MAX_TARGETS)
    spec.get('targetRefs')?.error(`\`targetRefs\` may have ${MAX_TARGETS} items at most`)
  return {
    matchLabels: readLabels(spec),
    // Nothing listed is as if nothing were written, as in Istio.
    gateways: targets === undefined || targets.length === 0 ? undefined : targets.flatMap(readTarget),
  }
}

function readLabels(spec: Fields): ReadonlyMap<string, string> | undefined {
  const selector = spec.object('selector', ['matchLabels'])
  const labels = selector?.get('matchLabels')
  // An empty selector is every workload.
  if (labels === undefined) return undefined
  if (!labels.isObject()) labels.error('`matchLabels` must be an object, lines of `label: value`')
  for (const name of labels.emptyMembers()) labels.error(`\`${name}\` has nothing behind it`)
  const entries = labels.members().map((label): readonly [string, string] => {
    const value = label.text() ?? ''
    if (value.includes('*') || label.name.includes('*'))
      label.error('a selector has no wildcards', 'write the label as the workload has it')
    return [label.name, value]
  })
  return entries.length === 0 ? undefined : new Map(entries)
}

function readTarget(node: SourceNode): readonly string[] {
  const target = new Fields(node, ['group', 'kind', 'name', 'namespace'])
  const kind = target.text('kind')
  const name = target.text('name')
  const namespace = target.text('namespace') ?? ''
  if (name === undefined || name === '') node.error('a target needs a `name`')
  if (namespace !== '')
    target.get('namespace')?.error('a target of another namespace is not supported', 'leave `namespace` out')
  if (kind === 'Gateway') checkGroup(target)
  if (kind === 'Gateway' && name !== undefined) return [name]
  if (kind === 'Service' || kind === 'ServiceEntry' || kind === 'GatewayClass')
    node.warning(
      `a target of kind ${kind} is for waypoints, and there are none here`,
      'it has no effect here',
    )
  else if (kind !== 'Gateway')
    node.error(
      `\`${kind ?? ''}\` is no kind of target`,
      'it is Gateway, GatewayClass, Service or ServiceEntry',
    )
  return []
}

const GATEWAY_API = 'gateway.networking.k8s.io'

/** Istio has a Gateway of its own as well, which is no target. */
function checkGroup(target: Fields): void {
  if (target.text('group') === GATEWAY_API) return
  ;(target.get('group') ?? target.node).error(
    'a Gateway that is a target is one of the Gateway API',
    `write \`group: ${GATEWAY_API}\``,
  )
}
