import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workbench } from '../workbench.ts'
import { routePath } from '../route-path.ts'

const KEYS = 10
const CONDITIONS = 100

/** Authentications by name, each of an issuer of its own and with keys of its own. */
export function ruleAuthentications(bench: Workbench, rules: number): Record<string, object> {
  if (rules === 0) return {}
  const file = join(bench.scratch, 'other-keys.json')
  const keys = Array.from({ length: KEYS }, (_, index) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { ...publicKey.export({ format: 'jwk' }), kid: `other-${index}`, alg: 'ES256' }
  })
  writeFileSync(file, JSON.stringify({ keys }))
  const entries = Array.from({ length: rules }, (_, index): [string, object] => [
    nameOf(index),
    { issuer: `https://${nameOf(index)}.example`, keys: { jwksFile: file } },
  ])
  return Object.fromEntries(entries)
}

/** Rules over all routes: each asks for a token of its own authentication at a hundred paths, all different. */
export function manyRules(rules: number): object[] {
  return Array.from({ length: rules }, (_, rule) => ({
    name: nameOf(rule),
    authentication: nameOf(rule),
    mode: 'blacklist',
    conditions: Array.from({ length: CONDITIONS }, (__, condition) => ({
      path: `${routePath(rule * CONDITIONS + condition)}*`,
    })),
  }))
}

/** How many paths they list. */
export function listedPaths(rules: number): number {
  return rules * CONDITIONS
}

function nameOf(rule: number): string {
  return `r${rule}`
}
