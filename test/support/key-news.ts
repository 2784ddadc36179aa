import assert from 'node:assert/strict'
import { readJwk, toPortableKey } from '../../src/jwt/index.ts'
import type { KeyNews } from '../../src/keys/index.ts'
import type { PortableKey } from '../../src/jwt/index.ts'
import type { Signer } from './signer.ts'
import { Wait } from '../../src/kernel/wait.ts'

/** Keys as they are told of: read anew from JSON each time, so that no object is one that was there before. */
export function toldKeys(...signers: readonly Signer[]): readonly PortableKey[] {
  return signers.map(({ jwk }, index) => {
    const key = readJwk(jwk, `keys[${index}]`)
    if (!key.ok) throw new Error(key.error.message)
    return toPortableKey(key.value)
  })
}

/** What is told of `source` after a good fetch that began at 0; the revision is the serial if none is given. */
export function keyNews(source: string, serial: number, more: Partial<KeyNews> = {}): KeyNews {
  return {
    source,
    serial,
    revision: serial,
    keys: [],
    fetchedAtMs: 0,
    trouble: undefined,
    askedAtMs: 0,
    nextAskAtMs: 0,
    nextFetchMs: undefined,
    toldAtMs: 0,
    ...more,
  }
}

/** Begins to wait for what was asked for; where nothing is waited for, the test is wrong. */
export function startWait(wait: Wait | 'later' | undefined, done: () => void): void {
  assert.ok(wait instanceof Wait, wait === 'later' ? 'nothing is waited for now' : 'nothing is waited for')
  wait.start(done)
}
