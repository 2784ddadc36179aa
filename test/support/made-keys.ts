import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'

/** Counts from now on how many public keys the runtime makes, in this process. */
export function countMadeKeys(t: TestContext): () => number {
  const { mock: making } = t.mock.method(crypto, 'createPublicKey')
  syncBuiltinESMExports()
  t.after(() => {
    making.restore()
    syncBuiltinESMExports()
  })
  return () => making.callCount()
}
