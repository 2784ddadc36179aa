export { authorize } from './authorize.ts'
export type { ExternalAnswer, ExternalChecks, ExternalQuestion, ExternalResponse } from './external.ts'
export type { Stopped } from './pass-checkpoints.ts'
export type { Permit } from './permit.ts'
