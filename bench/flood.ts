import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from './comparisons.ts'
import { startClaimgate, type ClaimgateTask } from './contestants/claimgate.ts'
import { DEFAULT_CONNECTIONS, type Contestant } from './contestants/contestant.ts'
import { startHaproxy } from './contestants/haproxy.ts'
import { cpuTime } from './cpu.ts'
import { applyLoad, type Load, type LoadResult } from './load.ts'
import { missing, type Program } from './requirements.ts'
import type { Progress } from './rounds.ts'
import { spread } from './statistics.ts'
import type { Measured } from './tokens.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** What good users saw in one round, without and with a flood of forged tokens beside them. */
export interface FloodRound {
  readonly alone: LoadResult
  readonly flooded: LoadResult
  readonly goodPerSecond: number
  /** Those that were answered: a gateway that answers late has fewer. */
  readonly forgedPerSecond: number
  /** CPU time of the gateway in a second of each. */
  readonly aloneCpuMs: number
  readonly floodedCpuMs: number
}

export interface FloodResult {
  readonly name: string
  readonly what: string
  readonly rounds: readonly FloodRound[]
  readonly skipped?: string
}

/**
 * Good users: 16 connections that each rest 32 ms between requests, about 500 in a second, so that their latency is that
 * of the gateway and not of a queue that they make themselves.
 */
const GOOD = { path: '/x', connections: 16, pauseMs: 32 } as const
/** The flood: about 5,000 in a second, ten times as much, from connections of its own. */
const FLOOD = { path: '/x', connections: 80, pauseMs: 15 } as const
/** As many in a second, if every refusal came after half a second. */
const WIDE_FLOOD = { path: '/x', connections: 2600, pauseMs: 15 } as const
/** Addresses of documentation (RFC 5737), each of another source. */
const GOOD_ADDRESS = '192.0.2.1'
const FLOOD_ADDRESS = '198.51.100.1'
/** No forged token comes twice: more than can be sent while it lasts. */
const FORGED_PER_SECOND = 8000
/** The flood begins before the good users are measured and ends after them. */
const MARGIN_SECONDS = 1
const REST_MS = 1500

/** Good users and a forged flood, in rounds, through one gateway after the other. */
export async function measureFlood(
  bench: Workbench,
  tokens: TokenFiles,
  progress: Progress,
): Promise<FloodResult[]> {
  const lanes = CONTESTANTS.map((contestant) => new Lane(bench, tokens, contestant))
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const lane of lanes) {
      progress(`round ${round} of ${bench.options.rounds}: ${lane.name}`)
      await lane.measure()
    }
  }
  return Promise.all(lanes.map((lane) => lane.end()))
}

/** The goal: what good users wait at the 99th percentile less than doubles. */
export function floodVerdicts(results: readonly FloodResult[]): Verdict[] {
  return results.flatMap(({ name, what, rounds }) => {
    if (rounds.length === 0) return []
    const measured = spread(rounds.map(({ alone, flooded }) => flooded.p99Us / alone.p99Us))
    const text = `${what}: p99 of good users during a forged flood, vs without`
    return [{ what: text, measured, ...(name === 'haproxy-flood' ? {} : { goal: { under: 2 } }) }]
  })
}

interface FloodContestant {
  readonly name: string
  readonly what: string
  readonly needs: readonly Program[]
  readonly start: (bench: Workbench, task: ClaimgateTask) => Promise<Contestant>
  readonly alg: Measured
  /** Whether the flood comes from another address than the good users. */
  readonly elsewhere: boolean
  readonly flood: Pick<Load, 'path' | 'connections' | 'pauseMs'>
}

const NEEDS: readonly Program[] = ['wrk', 'nginx', 'taskset', 'setpriv']
const OURS = { needs: NEEDS, start: startClaimgate, flood: FLOOD, elsewhere: false } as const
const CONTESTANTS: readonly FloodContestant[] = [
  { ...OURS, name: 'flood', what: 'Claimgate, RS256, the flood from the same address', alg: 'RS256' },
  { ...OURS, name: 'flood-elsewhere', what: 'from another address', alg: 'RS256', elsewhere: true },
  { ...OURS, name: 'flood-wide', what: 'from 2,600 connections', alg: 'RS256', flood: WIDE_FLOOD },
  { ...OURS, name: 'flood-es384', what: 'Claimgate, ES384, from the same address', alg: 'ES384' },
  {
    ...OURS,
    name: 'flood-es384-elsewhere',
    what: 'ES384, from another address',
    alg: 'ES384',
    elsewhere: true,
  },
  {
    ...OURS,
    name: 'haproxy-flood',
    what: 'HAProxy with jwt_verify, RS256',
    alg: 'RS256',
    needs: [...NEEDS, 'haproxy'],
    start: startHaproxy,
  },
]

/** One gateway on its way through the rounds. */
class Lane {
  readonly #bench: Workbench
  readonly #tokens: TokenFiles
  readonly #spec: FloodContestant
  readonly #rounds: FloodRound[] = []
  #contestant: Contestant | undefined
  #skipped: string | undefined

  constructor(bench: Workbench, tokens: TokenFiles, spec: FloodContestant) {
    this.#bench = bench
    this.#tokens = tokens
    this.#spec = spec
    this.#skipped = missing(spec.needs, bench.programs)
  }

  get name(): string {
    return this.#spec.name
  }

  async measure(): Promise<void> {
    if (this.#skipped !== undefined) return
    try {
      this.#contestant ??= await this.#start()
      this.#rounds.push(await oneRound(this.#bench, this.#contestant, this.#tokens, this.#spec))
    } catch (cause) {
      this.#skipped = cause instanceof Error ? cause.message : String(cause)
    }
  }

  async end(): Promise<FloodResult> {
    await this.#contestant?.process.stop()
    const { name, what } = this.#spec
    const skipped = this.#skipped === undefined ? {} : { skipped: this.#skipped }
    return { name, what, rounds: this.#rounds, ...skipped }
  }

  /** Starts the gateway and loads it with both kinds of requests, so that the code for both is compiled. */
  async #start(): Promise<Contestant> {
    const bench = this.#bench
    const { name, start, alg, elsewhere } = this.#spec
    const backend = bench.backend.origin
    const maxConnections = DEFAULT_CONNECTIONS
    const task = { name, guard: alg, tls: false, backend, maxConnections, behindProxy: elsewhere }
    const contestant = await start(bench, task)
    const token = await this.#tokens.one(alg)
    await applyLoad(bench, contestant.origin, { path: '/x', token }, bench.options.warmUpSeconds)
    const flood = await floodLoad(bench, this.#tokens, this.#spec)
    await applyLoad(bench, contestant.origin, flood, bench.options.warmUpSeconds)
    return contestant
  }
}

async function oneRound(
  bench: Workbench,
  contestant: Contestant,
  tokens: TokenFiles,
  spec: FloodContestant,
): Promise<FloodRound> {
  const { origin } = contestant
  const { measureSeconds } = bench.options
  const good: Load = { ...GOOD, ...from(spec, GOOD_ADDRESS), token: await tokens.one(spec.alg) }
  const flood = await floodLoad(bench, tokens, spec)
  // What is left of the last flood is over, and its source is forgiven.
  await sleep(REST_MS)
  const alone = await withCpu(contestant, () => applyLoad(bench, origin, good, measureSeconds))
  const flooding = applyLoad(bench, origin, flood, measureSeconds + 2 * MARGIN_SECONDS)
  await sleep(MARGIN_SECONDS * 1000)
  const flooded = await withCpu(contestant, () => applyLoad(bench, origin, good, measureSeconds))
  const sent = await flooding
  if (alone.load.refused + flooded.load.refused + alone.load.failed + flooded.load.failed > 0) {
    throw new Error('requests of good users were refused or failed')
  }
  return {
    alone: alone.load,
    flooded: flooded.load,
    goodPerSecond: (flooded.load.requests * 1e6) / flooded.load.durationUs,
    forgedPerSecond: (sent.requests * 1e6) / sent.durationUs,
    aloneCpuMs: alone.cpuMs,
    floodedCpuMs: flooded.cpuMs,
  }
}

/** CPU time in a second of the load. */
async function withCpu(
  { process }: Contestant,
  run: () => Promise<LoadResult>,
): Promise<{ readonly load: LoadResult; readonly cpuMs: number }> {
  const total = (): number => cpuTime(process.pid).userUs + cpuTime(process.pid).systemUs
  const before = total()
  const load = await run()
  return { load, cpuMs: ((total() - before) * 1000) / load.durationUs }
}

async function floodLoad({ options }: Workbench, tokens: TokenFiles, spec: FloodContestant): Promise<Load> {
  const seconds = options.measureSeconds + 2 * MARGIN_SECONDS
  const forged = await tokens.forged(spec.alg, FORGED_PER_SECOND * seconds)
  return { ...spec.flood, ...from(spec, FLOOD_ADDRESS), tokens: forged }
}

function from({ elsewhere }: FloodContestant, address: string): Pick<Load, 'from'> {
  return elsewhere ? { from: address } : {}
}
