export { authorize } from './authorize.ts'
export type { Permit } from './permit.ts'
