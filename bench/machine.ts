import { cpus, loadavg, release, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cores } from './cores.ts'
import { coreTime } from './cpu.ts'
import type { Processes } from './processes.ts'

/** What must be known to read a figure. */
export type MachineFacts = Readonly<Record<string, string>>

const VERSION_MS = 5000

/** Facts of the machine and the versions of everything that takes part. */
export async function machineFacts(
  processes: Processes,
  cores: Cores,
  programs: ReadonlyMap<string, string>,
): Promise<MachineFacts> {
  const facts: Record<string, string> = {
    date: new Date().toISOString(),
    CPU: cpus()[cores.gateway]?.model ?? 'unknown',
    cores: `${cpus().length}; gateway on ${cores.gateway}, load and backend on ${cores.load}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    Node: `${process.versions.node} (OpenSSL ${process.versions.openssl})`,
  }
  for (const [name, words] of Object.entries(VERSIONS)) {
    if (!programs.has(name)) continue
    const command = { name, core: cores.load, file: name, args: words }
    const { stdout, stderr } = await processes.run(command, VERSION_MS)
    facts[name] =
      (stdout + stderr).split('\n')[0]?.replace(/ - https:.*| \(Library.*|^nginx version: /, '') ?? ''
  }
  return facts
}

/** How each says its version. wrk says it above its usage. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  haproxy: ['-v'],
  nginx: ['-v'],
  openssl: ['version'],
  wrk: ['-v'],
}

/** How much others use the machine. */
export interface Busyness {
  /** Share of the two cores that was used while nothing of this run was, from 0 to 1. */
  readonly share: number
  readonly loadAverage: number
}

/** Long enough for a hundred ticks of each core. */
const LOOK_MS = 1000

/** Looks at both cores for a second. The load average alone tells of the last minutes, of a run before this one too. */
export async function busyness(cores: Cores): Promise<Busyness> {
  const used = (): number =>
    [cores.gateway, cores.load]
      .map(coreTime)
      .reduce((sum, { processesUs, stolenUs }) => sum + processesUs + stolenUs, 0)
  const before = used()
  const started = performance.now()
  await sleep(LOOK_MS)
  const wallUs = (performance.now() - started) * 1000
  return { share: (used() - before) / (2 * wallUs), loadAverage: loadavg()[0] ?? 0 }
}
