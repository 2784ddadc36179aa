import { readFileSync } from 'node:fs'

/** Which cores a run uses. */
export interface Cores {
  /** The gateway under test, alone. */
  readonly gateway: number
  /** Load generator, backend and the run itself. */
  readonly load: number
  /** Whether the two are threads of one physical core: then each slows the other, and figures mean less. */
  readonly siblings: boolean
}

/** Picks two cores that this process may use, on two physical cores where there are such; undefined with only one. */
export function pickCores(): Cores | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  const cores = readCoreList(allowed ?? '0')
  const gateway = cores[0]
  const second = cores[1]
  if (gateway === undefined || second === undefined) return undefined
  const siblings = siblingsOf(gateway)
  const load = cores.find((core) => core !== gateway && !siblings.includes(core))
  return load === undefined ? { gateway, load: second, siblings: true } : { gateway, load, siblings: false }
}

/** Reads the kernel's list of cores: `0-3,8` is 0, 1, 2, 3 and 8. */
export function readCoreList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first, last] = part.split('-').map(Number)
      if (first === undefined || !Number.isInteger(first)) return []
      return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
    })
}

function siblingsOf(core: number): number[] {
  try {
    const file = `/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`
    return readCoreList(readFileSync(file, 'utf8'))
  } catch {
    // Virtual machines may hide it; then every core counts as its own.
    return [core]
  }
}
