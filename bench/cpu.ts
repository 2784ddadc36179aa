import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of a process with its threads and children, in microseconds. */
export interface CpuTime {
  readonly userUs: number
  readonly systemUs: number
}

/** What one core has done since it booted, in microseconds. */
export interface CoreTime {
  /** In processes and for them: user, nice and system. Not interrupts, which are nobody's. */
  readonly processesUs: number
  /** Taken by the host of this virtual machine. */
  readonly stolenUs: number
}

/** `USER_HZ`, the grain of /proc: 100 on every architecture that Node runs on. */
const TICK_US = 10_000

/**
 * CPU time that a process, all its threads (also those that ended) and its children have used so far: fields 14 to 17 of
 * /proc/<pid>/stat, for the process and for each descendant that lives. Children that ended are in fields 16 and 17 of
 * their parent. The kernel keeps the sum exact and rounds it to 10 ms; how it is split into user and system is sampled.
 */
export function cpuTime(pid: number): CpuTime {
  const own = readStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  let { userUs, systemUs } = own
  for (const child of childrenOf(pid)) {
    const time = cpuTime(child)
    userUs += time.userUs
    systemUs += time.systemUs
  }
  return { userUs, systemUs }
}

/** Resident memory of a process and its children, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), own)
}

/** Reads fields 14 to 17 of a line of /proc/<pid>/stat; the name in field 2 may hold spaces and parentheses. */
export function readStat(line: string): CpuTime {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const tick = (field: number): number => Number(fields[field - 3]) * TICK_US
  return { userUs: tick(14) + tick(16), systemUs: tick(15) + tick(17) }
}

/** What a core has done so far, from /proc/stat. */
export function coreTime(core: number): CoreTime {
  const line = readFileSync('/proc/stat', 'latin1').match(new RegExp(`^cpu${core} .*$`, 'm'))?.[0] ?? ''
  const [user = 0, nice = 0, system = 0, , , , , stolen = 0] = line.split(/\s+/).slice(1).map(Number)
  return { processesUs: (user + nice + system) * TICK_US, stolenUs: stolen * TICK_US }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    // A thread that ended between the two reads, or a kernel without CONFIG_PROC_CHILDREN.
    return []
  }
}
