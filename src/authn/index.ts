export { authenticate, type AuthenticationRefusal } from './authenticate.ts'
export { describeLocation, type TokenPlaces } from './find-token.ts'
export type { Principal } from './principal.ts'
export { REASONS, type AuthenticationReason } from './reasons.ts'
