import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, connect, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that runs on one core. */
export interface Running {
  readonly pid: number
  stop(): Promise<void>
}

export interface Command {
  readonly name: string
  readonly core: number
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
}

/** What a process that ended has to say. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Output beyond this is dropped: nothing here says more than a page unless it is broken. */
const MAX_OUTPUT_CHARS = 65_536
/** A gateway that has not let go of its connections by then is killed; nothing is measured any more. */
const STOP_MS = 1500

/**
 * The processes of a run. Each is bound to a core, and is killed when the run ends in any way: `setpriv --pdeathsig`
 * sees to it even where the run itself is killed.
 */
export class Processes {
  readonly #live = new Set<ChildProcess>()
  readonly #programs: ReadonlyMap<string, string>

  /** Programs are found by these files, as daemons are not in everybody's path. */
  constructor(programs: ReadonlyMap<string, string>) {
    this.#programs = programs
  }

  /** Starts a server and waits until it listens on `port`. */
  async serve(command: Command, port: number, readyMs = 20_000): Promise<Running> {
    const child = this.#spawn(command)
    const output = collect(child)
    const deadline = Date.now() + readyMs
    while (!(await listens(port))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`${command.name} does not listen\n${output.stdout()}${output.stderr()}`.trim())
      }
      await sleep(50)
    }
    if (child.pid === undefined) throw new Error(`${command.name} did not start`)
    return { pid: child.pid, stop: () => this.#stop(child) }
  }

  /** Runs a program to its end, which it must reach within `timeoutMs`. */
  async run(command: Command, timeoutMs: number): Promise<Ended> {
    const child = this.#spawn(command)
    const output = collect(child)
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    clearTimeout(timer)
    return { code, stdout: output.stdout(), stderr: output.stderr() }
  }

  /** Ends everything at once, synchronously, so that an exit handler can call it. */
  killAll(): void {
    for (const child of this.#live) child.kill('SIGKILL')
  }

  #spawn({ core, file, args, cwd }: Command): ChildProcess {
    const words = [
      '--pdeathsig',
      'KILL',
      'taskset',
      '-c',
      String(core),
      this.#programs.get(file) ?? file,
      ...args,
    ]
    const child = spawn('setpriv', words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.#live.add(child)
    child.once('close', () => this.#live.delete(child))
    return child
  }

  async #stop(child: ChildProcess): Promise<void> {
    if (!this.#live.has(child)) return
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await closed
    clearTimeout(timer)
  }
}

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

function collect(child: ChildProcess): { stdout(): string; stderr(): string } {
  let stdout = ''
  let stderr = ''
  // A child that could not be spawned is told of by whoever waits for it.
  child.on('error', (cause) => {
    stderr += cause.message
  })
  child.stdout?.on('data', (piece: Buffer) => {
    if (stdout.length < MAX_OUTPUT_CHARS) stdout += piece.toString('latin1')
  })
  child.stderr?.on('data', (piece: Buffer) => {
    if (stderr.length < MAX_OUTPUT_CHARS) stderr += piece.toString('latin1')
  })
  return { stdout: () => stdout, stderr: () => stderr }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
