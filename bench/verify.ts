import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Verdict } from './comparisons.ts'
import { missing } from './requirements.ts'
import type { Progress } from './rounds.ts'
import { spread } from './statistics.ts'
import { makeTokens, type Measured } from './tokens.ts'
import type { Workbench } from './workbench.ts'

/** Verifications in a second of CPU time, one entry per round. */
export interface VerifyResult {
  readonly alg: Measured
  /** What of `openssl speed` it is held against. */
  readonly against: string
  readonly goal: number
  readonly ours: readonly number[]
  readonly openssl: readonly number[]
  readonly skipped?: string
}

interface Subject {
  readonly alg: Measured
  readonly against: string
  readonly goal: number
}

/** The bare public-key operation of OpenSSL is the limit; a token also has base64url, JSON and claims to read. */
const SUBJECTS: readonly Subject[] = [
  { alg: 'RS256', against: 'rsa2048', goal: 0.6 },
  { alg: 'PS256', against: 'rsa2048', goal: 0.8 },
  { alg: 'ES256', against: 'ecdsap256', goal: 0.8 },
  { alg: 'ES384', against: 'ecdsap384', goal: 0.8 },
  { alg: 'EdDSA', against: 'ed25519', goal: 0.8 },
]

/** `openssl speed` measures signing for as long, so a second each keeps a round under 20 seconds. */
const SECONDS = 1
/** All different. More would only take longer to sign: nothing in `src/jwt` remembers a token. */
const TOKENS = 8192
const TIMEOUT_MS = 30_000
const LOOP = fileURLToPath(new URL('verify-loop.ts', import.meta.url))
const LOOP_RESULT = z.object({ verified: z.number(), cpuSeconds: z.number() })

/** Verification alone against `openssl speed`, both on the gateway's core, in rounds. */
export async function measureVerify(bench: Workbench, progress: Progress): Promise<VerifyResult[]> {
  const absent = missing(['openssl', 'taskset', 'setpriv'], bench.programs)
  if (absent !== undefined)
    return SUBJECTS.map((subject) => ({ ...subject, ours: [], openssl: [], skipped: absent }))
  const files = await Promise.all(SUBJECTS.map(({ alg }) => tokenFile(bench, alg)))
  const ours = new Map<Measured, number[]>(SUBJECTS.map(({ alg }) => [alg, []]))
  const theirs = new Map<string, number[]>(SUBJECTS.map(({ against }) => [against, []]))
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    progress(`round ${round} of ${bench.options.rounds}: verify`)
    for (const [against, figures] of theirs) figures.push(await opensslSpeed(bench, against))
    for (const [index, { alg }] of SUBJECTS.entries()) {
      ours.get(alg)?.push(await ourSpeed(bench, alg, files[index] ?? ''))
    }
  }
  return SUBJECTS.map((subject) => ({
    ...subject,
    ours: ours.get(subject.alg) ?? [],
    openssl: theirs.get(subject.against) ?? [],
  }))
}

/** Our share of what OpenSSL does, with the goals. */
export function verifyVerdicts(results: readonly VerifyResult[]): Verdict[] {
  return results.flatMap(({ alg, against, goal, ours, openssl }) => {
    const ratios = ours.map((figure, round) => figure / (openssl[round] ?? Number.NaN))
    if (ratios.length === 0) return []
    const what = `${alg}: verification alone, vs \`openssl speed ${against}\``
    return [{ what, measured: spread(ratios), goal: { atLeast: goal } }]
  })
}

/** Verifications per second of a run of `openssl speed -mr`: the last figure of the line of that algorithm. */
export function readOpensslSpeed(output: string): number | undefined {
  const line = /^\+F\d+:.*:([\d.]+)$/m.exec(output)
  return line === null ? undefined : Number(line[1])
}

async function opensslSpeed(bench: Workbench, against: string): Promise<number> {
  const args = ['speed', '-mr', '-seconds', String(SECONDS), against]
  const command = { name: 'openssl speed', core: bench.cores.gateway, file: 'openssl', args }
  const { stdout, stderr } = await bench.processes.run(command, TIMEOUT_MS)
  const figure = readOpensslSpeed(stdout)
  if (figure === undefined) throw new Error(`openssl speed has no figure for ${against}\n${stderr}`)
  return figure
}

async function ourSpeed(bench: Workbench, alg: Measured, tokens: string): Promise<number> {
  const args = [
    '--disable-warning=ExperimentalWarning',
    LOOP,
    bench.keys(alg).jwksFile,
    tokens,
    String(SECONDS),
  ]
  const command = { name: 'verify loop', core: bench.cores.gateway, file: process.execPath, args }
  const { code, stdout, stderr } = await bench.processes.run(command, TIMEOUT_MS)
  if (code !== 0) throw new Error(`the loop of ${alg} ended with ${code}\n${stderr}`)
  const { verified, cpuSeconds } = LOOP_RESULT.parse(JSON.parse(stdout))
  return verified / cpuSeconds
}

async function tokenFile(bench: Workbench, alg: Measured): Promise<string> {
  const file = join(bench.scratch, `${alg}.verify`)
  writeFileSync(file, (await makeTokens(bench.keys(alg).key, TOKENS, bench.nowSeconds)).join('\n'))
  return file
}
