import type { MeshWorkload } from './compile.ts'
import type { Attachment, Resource } from './schema.ts'

/** Whether a resource is for a workload. */
export function isAttached(
  { attachment, namespace }: Resource & { readonly attachment: Attachment },
  workload: MeshWorkload,
  rootNamespace: string,
): boolean {
  const { matchLabels, gateways } = attachment
  // A target is named within its own namespace, and only Gateways of the Gateway API are targets here.
  if (gateways !== undefined)
    return (
      workload.gateway !== undefined &&
      namespace === workload.namespace &&
      gateways.includes(workload.gateway)
    )
  if (namespace !== workload.namespace && namespace !== rootNamespace) return false
  if (matchLabels === undefined) return true
  return [...matchLabels].every(([label, value]) => workload.labels[label] === value)
}
