import type { Configuration } from '../../config/index.ts'

/** Which of how many: the first is 1. */
export interface Place {
  readonly worker: number
  readonly workers: number
}

/**
 * One worker's part of a configuration. What is written there is for the whole gateway, so connections, those of
 * clients and those to backends and authorizers, are divided; each worker has one of each at the least.
 */
export function shareOf(configuration: Configuration, place: Place): Configuration {
  const { server, plan } = configuration
  const part = <Spec extends { readonly maxConnections: number }>(spec: Spec): Spec => ({
    ...spec,
    maxConnections: partOf(spec.maxConnections, place),
  })
  const { checkpoints } = plan
  return {
    ...configuration,
    server: { ...server, limits: part(server.limits) },
    plan: {
      ...plan,
      backends: plan.backends.map((each) => (each.kind === 'http' ? part(each) : each)),
      checkpoints: checkpoints && { ...checkpoints, authorizers: checkpoints.authorizers.map(part) },
    },
  }
}

/** The first workers have one more where the whole does not divide evenly. */
function partOf(whole: number, { worker, workers }: Place): number {
  const rest = whole % workers
  return Math.max(1, Math.floor(whole / workers) + (worker <= rest ? 1 : 0))
}
