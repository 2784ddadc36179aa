export { authenticate } from './authenticate.ts'

export type { Principal } from './principal.ts'
export { TokenCache } from './token-cache.ts'
export { REASONS } from './reasons.ts'
