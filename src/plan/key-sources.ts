import type { KeySourceSpec } from '../keys/index.ts'
import type { PlanSpec } from './spec.ts'

/** Every source of keys that a plan names, of authentications and of rules; the same one perhaps several times. */
export function keySourcesOf({ authentications, checkpoints }: PlanSpec): readonly KeySourceSpec[] {
  const rules = checkpoints?.places.flatMap((place) => place.tokenRules) ?? []
  return [...authentications, ...rules].flatMap(({ keySources }) => keySources)
}
