import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startClaimgate } from './contestants/claimgate.ts'
import type { Contestant, Task } from './contestants/contestant.ts'
import { startHaproxy } from './contestants/haproxy.ts'
import { cpuTime, residentBytes } from './cpu.ts'
import { freePort } from './processes.ts'
import { missing, type Program } from './requirements.ts'
import type { Progress } from './rounds.ts'
import { percentile } from './statistics.ts'
import { StreamClients } from './stream-clients.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** What many open event streams cost in one round, each with a gateway of its own. */
export interface StreamRound {
  readonly openSeconds: number
  readonly openP50Ms: number
  readonly openP99Ms: number
  /** CPU time of the gateway for opening one stream. */
  readonly openCpuUs: number
  /** Memory that the gateway has more with all streams open, for each. */
  readonly bytesPerStream: number
  /** CPU time of the gateway for one event down one stream. */
  readonly eventCpuUs: number
}

export interface StreamResult {
  readonly name: string
  readonly what: string
  readonly streams: number
  readonly rounds: readonly StreamRound[]
  readonly skipped?: string
}

const STREAMS = 5000
/** A stream costs two files in the gateway; this is what it needs for itself. */
const OTHER_FILES = 500
/** So that the limit of connections to the backend is not what is measured. */
const SPARE_CONNECTIONS = 10
const TIMEOUT_MS = 30_000
/** Time for a collector to run and for buffers to be let go. */
const SETTLE_MS = 1000
/** Events down each stream: enough for the CPU time of 5,000 events to be far above its grain of 10 ms. */
const BROADCASTS = 5

const BACKEND = fileURLToPath(new URL('stream-backend.ts', import.meta.url))

/** Opens thousands of server-sent event streams through each gateway, in rounds. */
export async function measureStreams(
  bench: Workbench,
  tokens: TokenFiles,
  progress: Progress,
): Promise<StreamResult[]> {
  const streams = Math.min(STREAMS, Math.floor((fileLimit() - OTHER_FILES) / 2))
  const token = readFileSync(await tokens.one('RS256'), 'utf8').trim()
  const rounds = CONTESTANTS.map(() => [] as StreamRound[])
  const skipped = CONTESTANTS.map(({ needs }) => missing(needs, bench.programs))
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const [index, { name, start }] of CONTESTANTS.entries()) {
      if (skipped[index] !== undefined) continue
      progress(`round ${round} of ${bench.options.rounds}: ${name}`)
      try {
        rounds[index]?.push(await oneRound(bench, name, start, token, streams))
      } catch (cause) {
        skipped[index] = cause instanceof Error ? cause.message : String(cause)
      }
    }
  }
  return CONTESTANTS.map(({ name, what }, index) => {
    const reason = skipped[index]
    return {
      name,
      what,
      streams,
      rounds: rounds[index] ?? [],
      ...(reason === undefined ? {} : { skipped: reason }),
    }
  })
}

interface StreamContestant {
  readonly name: string
  readonly what: string
  readonly needs: readonly Program[]
  readonly start: (bench: Workbench, task: Task) => Promise<Contestant>
}

const NEEDS: readonly Program[] = ['taskset', 'setpriv']
const CONTESTANTS: readonly StreamContestant[] = [
  { name: 'streams', what: 'Claimgate', needs: NEEDS, start: startClaimgate },
  {
    name: 'haproxy-streams',
    what: 'HAProxy with jwt_verify',
    needs: [...NEEDS, 'haproxy'],
    start: startHaproxy,
  },
]

async function oneRound(
  bench: Workbench,
  name: string,
  start: StreamContestant['start'],
  token: string,
  streams: number,
): Promise<StreamRound> {
  const port = await freePort()
  const args = ['--disable-warning=ExperimentalWarning', BACKEND, String(port)]
  const command = { name: 'the backend of streams', core: bench.cores.load, file: process.execPath, args }
  const backend = await bench.processes.serve(command, port)
  const origin = `http://127.0.0.1:${port}`
  const maxConnections = streams + SPARE_CONNECTIONS
  const task: Task = { name, guard: 'RS256', tls: false, backend: origin, maxConnections, streaming: true }
  const gateway = await start(bench, task)
  const clients = new StreamClients()
  try {
    return await measureOne(gateway, clients, origin, token, streams)
  } finally {
    clients.close()
    await gateway.process.stop()
    await backend.stop()
  }
}

async function measureOne(
  gateway: Contestant,
  clients: StreamClients,
  backend: string,
  token: string,
  streams: number,
): Promise<StreamRound> {
  const { pid } = gateway.process
  const port = Number(new URL(gateway.origin).port)
  const total = (): number => cpuTime(pid).userUs + cpuTime(pid).systemUs
  await sleep(SETTLE_MS)
  const bytesBefore = residentBytes(pid)
  const cpuBefore = total()
  const startedMs = performance.now()
  await clients.open(port, token, streams, TIMEOUT_MS)
  const openSeconds = (performance.now() - startedMs) / 1000
  const cpuOpen = total()
  await sleep(SETTLE_MS)
  const bytesOpen = residentBytes(pid)
  const cpuIdle = total()
  for (let count = 0; count < BROADCASTS; count += 1) {
    const arrived = clients.nextEvents(TIMEOUT_MS)
    await fetch(backend, { method: 'POST' })
    await arrived
  }
  return {
    openSeconds,
    openP50Ms: percentile(clients.openMs, 50),
    openP99Ms: percentile(clients.openMs, 99),
    openCpuUs: (cpuOpen - cpuBefore) / streams,
    bytesPerStream: (bytesOpen - bytesBefore) / streams,
    eventCpuUs: (total() - cpuIdle) / (streams * BROADCASTS),
  }
}

function fileLimit(): number {
  const line = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
  // `unlimited` is no number; the kernel's own default for it is a million.
  return Number(line?.[1] ?? 1_048_576)
}
