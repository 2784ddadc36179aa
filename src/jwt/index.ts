/** Pure verification of JSON Web Tokens: text and keys in, verified claims or the reason for a refusal out. */
export { isAlgorithm } from './algorithms.ts'
export { checkClaims } from './claims.ts'
export {
  DEFAULT_TOKEN_LIMITS,
  parseCompact,
  parseToken,
  type CompactJws,
  type TokenLimits,
} from './compact.ts'
export { readJwk } from './jwk.ts'
export type { KeyProblem, KeyProblemKind } from './key-problem.ts'
export { createKeySet, readKeySet, selectKey, type KeySetOptions, type KeySetReading } from './key-set.ts'
export { readPem, type PemKey } from './pem.ts'
export { reject, type JwtReason, type JwtRejection } from './rejection.ts'
export { checkSignature, type SignedToken } from './signature.ts'
export type {
  Algorithm,
  ClaimRules,
  JwsHeader,
  KeySet,
  ParsedToken,
  VerificationKey,
  VerifiedToken,
} from './types.ts'
export { verifyToken } from './verify.ts'
