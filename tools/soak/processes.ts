import { fork, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own. */
export interface Started {
  readonly port: number
  /** Resident memory of the process and of its children, in bytes. */
  residentBytes(): number
  openDescriptors(): number
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const READY_MS = 30_000

export function startBackend(): Promise<Started> {
  return start('tools/soak/backend.ts', [], /^(\d+)$/m)
}

export function startGateway(configuration: string): Promise<Started> {
  return start('bin/claimgate.js', ['serve', configuration], /http:\/\/127\.0\.0\.1:(\d+)/)
}

/** Starts a script and waits until it prints its port. It ends with this process. */
async function start(script: string, args: readonly string[], portPattern: RegExp): Promise<Started> {
  const child = fork(`${ROOT}${script}`, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const port = await readPort(child, portPattern, script)
  const { pid } = child
  if (pid === undefined) throw new Error(`${script} did not start`)
  return {
    port,
    residentBytes: () => family(pid).reduce((sum, each) => sum + residentOf(each), 0),
    openDescriptors: () => family(pid).reduce((sum, each) => sum + readdirSync(`/proc/${each}/fd`).length, 0),
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

function readPort(child: ChildProcess, pattern: RegExp, script: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`${script} does not listen\n${said}`)), READY_MS)
    const hear = (piece: Buffer): void => {
      if (said.length < 65_536) said += piece.toString('utf8')
      const port = pattern.exec(said)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      resolve(Number(port))
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}\n${said}`)))
  })
}

/** A process and its worker processes. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => family(Number(child))))]
}

function residentOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes ?? 0) * 1024
}
