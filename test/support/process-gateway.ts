import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRunning, type RunningCli } from '../cli/running-cli.ts'

/** `claimgate serve` over several processes, with its files in a folder of its own. */
export interface ProcessGateway extends AsyncDisposable {
  readonly cli: RunningCli
  /** Where its files are. */
  readonly folder: string
  readonly url: string
  readonly port: number
  /** The processes that serve now, of those that the log told of. */
  workers(): readonly number[]
  write(name: string, text: string): void
  /** Writes the configuration and has it read; resolves with what was said of it as soon as that is said. */
  reload(configuration: string): Promise<string>
}

export interface ProcessGatewayOptions {
  readonly configuration: string
  readonly files?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** What it prints last when it serves. */
  readonly serves?: RegExp
}

const SAID = /^the configuration was reloaded.*$|^the last good configuration serves on$/gm

/** Why these tests cannot run here, or false: they look at processes and stop and kill them. */
export const noProcesses =
  process.platform === 'linux' ? false : 'processes are looked at as Linux shows them'

export async function startProcessGateway(options: ProcessGatewayOptions): Promise<ProcessGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-workers-test-'))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  write('package.json', '{ "type": "module" }')
  write('claimgate.yaml', options.configuration)
  for (const [name, text] of Object.entries(options.files ?? {})) write(name, text)
  const cli = startRunning(['serve', 'claimgate.yaml', ...(options.args ?? ['--workers', '2'])], {
    cwd: folder,
  })
  try {
    await cli.until(options.serves ?? /served by \d+ workers\n/)
  } catch (cause) {
    cli.kill()
    throw cause
  }
  const url = /listening on (\S+)/.exec(cli.output.stderr)![1]!
  return {
    cli,
    folder,
    url,
    port: Number(new URL(url).port),
    workers: () =>
      childrenOf(cli.pid).filter((pid) =>
        cli.output.stdout.includes(`"pid":${pid},"message":"a worker serves"`),
      ),
    write,
    async reload(configuration) {
      const before = cli.output.stderr.match(SAID)?.length ?? 0
      write('claimgate.yaml', configuration)
      cli.signal('SIGHUP')
      for (let i = 0; i < 20_000; i++) {
        const said = cli.output.stderr.match(SAID) ?? []
        if (said.length > before) return said.at(-1)!
        await sleep(1)
      }
      throw new Error(`nothing was said of the configuration:\n${cli.output.stderr}`)
    },
    async [Symbol.asyncDispose]() {
      // One that a test has stopped would outlive its primary.
      for (const pid of childrenOf(cli.pid)) process.kill(pid, 'SIGKILL')
      cli.kill()
      await cli.ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The processes that a process started and that are alive. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Whether a process is there and has not ended; one that nobody has waited for has. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

export function residentBytesOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024
}

export interface ClientAnswer {
  /** 0 where there was none. */
  readonly status: number
  readonly body: string
  /** Why there was no answer: the code of an error. */
  readonly error: string
}

/** A client with one connection, which is kept, and made anew after it broke. */
export class KeepAliveClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  ask(path: string): Promise<ClientAnswer> {
    return new Promise((resolve) => {
      const failed = (cause: Error & { readonly code?: string }): void =>
        resolve({ status: 0, body: '', error: cause.code ?? cause.message })
      const request = get(`${this.#url}${path}`, { agent: this.#agent, timeout: 10_000 }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => void (body += text))
        response.on('end', () => resolve({ status: response.statusCode!, body, error: '' }))
        response.on('error', failed)
      })
      request.on('timeout', () => request.destroy(new Error('timeout')))
      request.on('error', failed)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
