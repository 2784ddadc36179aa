/**
 * Verifies tokens again and again on one thread, each after the other, with nothing but `src/jwt`: no cache, no HTTP.
 * Arguments: file of a JWK set, file of tokens, seconds. Prints how many were verified and the CPU time that took.
 */
import { readFileSync } from 'node:fs'
import { createKeySet, parseToken, readKeySet, verifyToken, type ClaimRules } from '../src/jwt/index.ts'
import { ISSUER } from './tokens.ts'

const [, , jwksFile = '', tokensFile = '', seconds = '1'] = process.argv
const keys = createKeySet(readKeySet(JSON.parse(readFileSync(jwksFile, 'utf8'))).keys)
const tokens = readFileSync(tokensFile, 'latin1').trim().split('\n')
const rules: ClaimRules = {
  issuer: ISSUER,
  subject: undefined,
  audiences: [],
  clockSkewSeconds: 60,
  expRequired: true,
}
/** The clock is looked at after each so many: often enough for slow algorithms, too seldom to cost fast ones anything. */
const BATCH = 64
const WARM_UP_SECONDS = 0.5

let next = 0

function verifyFor(durationSeconds: number): { verified: number; cpuSeconds: number } {
  const start = process.cpuUsage()
  let verified = 0
  for (;;) {
    for (let index = 0; index < BATCH; index += 1) verifyNext()
    verified += BATCH
    const { user, system } = process.cpuUsage(start)
    const cpuSeconds = (user + system) / 1e6
    if (cpuSeconds >= durationSeconds) return { verified, cpuSeconds }
  }
}

function verifyNext(): void {
  const text = tokens[next] ?? ''
  next = (next + 1) % tokens.length
  const token = parseToken(text)
  if (!token.ok || !verifyToken(token.value, keys, rules, Date.now()).ok)
    throw new Error('a good token was refused')
}

verifyFor(WARM_UP_SECONDS)
process.stdout.write(`${JSON.stringify(verifyFor(Number(seconds)))}\n`)
