export { authenticate, TokenWait, type AwaitedToken } from './authenticate.ts'

export type { Principal } from './principal.ts'
export { CHECKS_AT_ONCE, PooledChecks, type SignatureChecks } from './signature-checks.ts'
export { TokenCache } from './token-cache.ts'
export { REASONS } from './reasons.ts'
