import { start, collect, type RunOptions } from './built-cli.ts'

/** A `claimgate serve` or `demo` that runs. */
export interface RunningCli {
  readonly pid: number
  readonly output: { readonly stdout: string; readonly stderr: string }
  signal(name: NodeJS.Signals): void
  /** Waits until the standard error, or the output that is named, holds the text. */
  until(text: string | RegExp, stream?: 'stdout' | 'stderr'): Promise<void>
  /** Waits for the end and gives the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** Closes this end of the pipe. */
  hangUp(stream: 'stdout' | 'stderr'): void
  /** Ends it whatever it does. */
  kill(): void
}

export function startRunning(args: readonly string[], options: RunOptions = {}): RunningCli {
  const child = start(args, options)
  const output = collect(child)
  const ended = new Promise<number | NodeJS.Signals | null>((done) =>
    child.once('close', (code, signal) => done(code ?? signal)),
  )
  return {
    pid: child.pid!,
    output,
    ended,
    signal: (name) => void child.kill(name),
    hangUp: (stream) => void child[stream]?.destroy(),
    kill: () => void child.kill('SIGKILL'),
    async until(text, stream = 'stderr') {
      const deadline = Date.now() + 10_000
      const holds = (): boolean =>
        typeof text === 'string' ? output[stream].includes(text) : text.test(output[stream])
      while (!holds()) {
        if (Date.now() > deadline || child.exitCode !== null) {
          throw new Error(`never printed ${String(text)}:\n${output.stderr}\n${output.stdout}`)
        }
        await new Promise((next) => setTimeout(next, 15))
      }
    },
  }
}
