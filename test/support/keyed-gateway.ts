import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './process-gateway.ts'
import { startRunning, type RunningCli } from '../cli/running-cli.ts'

/** `claimgate serve` whose authentications fetch their keys. */
export interface KeyedGateway extends AsyncDisposable {
  readonly cli: RunningCli
  readonly url: string
  readonly port: number
  /** The folder of its configuration. */
  readonly folder: string
  /** A request that the authentication of this name guards, on a connection of its own. */
  ask(token: string | undefined, authentication?: string): Promise<KeyedAnswer>
  /** The same until it is answered with this status and, where one is given, this code; for 15 seconds at most. */
  askUntil(
    expected: { readonly status: number; readonly code?: string },
    token: string,
    authentication?: string,
  ): Promise<KeyedAnswer>
  /** Lines of the log with this message, oldest first. */
  lines(message: string): readonly LogLine[]
  /** Waits until so many lines with the message match, and gives these. */
  untilLines(
    message: string,
    number?: number,
    matches?: (line: LogLine) => boolean,
  ): Promise<readonly LogLine[]>
  /** The line of the access log of this answer. */
  entryOf(answer: KeyedAnswer): Promise<LogLine>
  /** Has it read a configuration of these authentications; gives what was said of it. */
  reload(options: KeyedOptions): Promise<string>
  write(name: string, text: string): void
  /** Stops it in good order. */
  stop(): Promise<void>
}

export interface KeyedOptions {
  /** Members of each authentication in YAML's flow style, by name: `keys: { url: … }`. Each guards the paths below its name. */
  readonly authentications: Readonly<Record<string, string>>
  /** A path, `none`, or null to say nothing of it. */
  readonly keyCache?: string | null
  readonly workers?: number
  /** So many sources must have been fetched before the gateway is given to the test: what is counted then begins there. */
  readonly fetched?: number
  /** Whether the paths need no token of their authentications; what is imported may still demand one. */
  readonly open?: boolean
  /** Further members of the configuration, in YAML. */
  readonly more?: string
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

export interface KeyedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
  /** The public code of a refusal in problem details; empty for others. */
  readonly code: string
  readonly durationMs: number
}

/** A line of JSON that the gateway wrote. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly message?: string }

const SAID = /^the configuration was reloaded.*$|^the last good configuration serves on$/gm
const PATIENCE_MS = 15_000

export async function startKeyedGateway(options: KeyedOptions): Promise<KeyedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-keys-test-'))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  write('package.json', '{ "type": "module" }')
  write('ok.js', `export default { fetch: () => new Response('ok ' + process.pid) }\n`)
  write('claimgate.yaml', configurationOf(options))
  for (const [name, text] of Object.entries(options.files ?? {})) write(name, text)
  const workers = String(options.workers ?? 1)
  const cli = startRunning(['serve', 'claimgate.yaml', '--workers', workers], {
    cwd: folder,
    env: { XDG_CACHE_HOME: join(folder, 'no-cache-of-ours'), ...options.env },
  })
  try {
    await started(cli, workers === '1' ? /listening on \S+\n/ : /served by \d+ workers\n/)
  } catch (cause) {
    cli.kill()
    throw cause
  }
  const gateway = new RunningKeyedGateway(cli, folder, write)
  if (options.fetched !== undefined) await gateway.untilLines('keys were fetched', options.fetched)
  return gateway
}

/** Several of these start at once in one test file, on a machine that does more than that. */
async function started(cli: RunningCli, said: RegExp): Promise<void> {
  for (let i = 0; i < 3; i++) {
    try {
      return await cli.until(said)
    } catch (cause) {
      if (i === 2 || !isAlive(cli.pid)) throw cause
    }
  }
}

function configurationOf({ authentications, keyCache = 'none', open, more = '' }: KeyedOptions): string {
  const named = Object.entries(authentications)
  return `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { ok: { function: ok.js } }
${keyCache === null ? '' : `keyCache: ${keyCache}`}
authentications:
${named.map(([name, members]) => `  ${name}: { ${members} }`).join('\n')}
routes:
${named.map(([name]) => `  - { path: /${name}/*, backend: ok, auth: ${open === true ? 'none' : name} }`).join('\n')}
timeouts: { drain: 2s }
${more}
`
}

class RunningKeyedGateway implements KeyedGateway {
  readonly cli: RunningCli
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly write: (name: string, text: string) => void

  constructor(cli: RunningCli, folder: string, write: (name: string, text: string) => void) {
    this.cli = cli
    this.url = /listening on (\S+)/.exec(cli.output.stderr)![1]!
    this.port = Number(new URL(this.url).port)
    this.folder = folder
    this.write = write
  }

  ask(token: string | undefined, authentication = 'main'): Promise<KeyedAnswer> {
    const since = performance.now()
    return new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
      const options = { headers, agent: false }
      get(`${this.url}/${authentication}/x`, options, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => void (body += text))
        response.once('error', reject)
        response.once('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body,
            code: codeOf(body),
            durationMs: performance.now() - since,
          }),
        )
      }).once('error', reject)
    })
  }

  async askUntil(
    expected: { readonly status: number; readonly code?: string },
    token: string,
    authentication = 'main',
  ): Promise<KeyedAnswer> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const answer = await this.ask(token, authentication)
      if (answer.status === expected.status && (expected.code ?? answer.code) === answer.code) return answer
      if (performance.now() > deadline)
        throw new Error(`still ${answer.status} ${answer.body}\n${this.#lastLines()}`)
      await sleep(50)
    }
  }

  lines(message: string): readonly LogLine[] {
    return this.#lines().filter((line) => line.message === message)
  }

  async untilLines(
    message: string,
    number = 1,
    matches: (line: LogLine) => boolean = () => true,
  ): Promise<readonly LogLine[]> {
    return this.#until(
      () => this.lines(message).filter(matches),
      (found) => found.length >= number,
      `${number} times \`${message}\``,
    )
  }

  async entryOf({ headers }: KeyedAnswer): Promise<LogLine> {
    const requestId = headers['x-request-id']
    const [entry] = await this.#until(
      () => this.#lines().filter((line) => line['type'] === 'access' && line['requestId'] === requestId),
      (found) => found.length > 0,
      `the request ${String(requestId)} in the access log`,
    )
    return entry!
  }

  async reload(options: KeyedOptions): Promise<string> {
    const before = this.cli.output.stderr.match(SAID)?.length ?? 0
    for (const [name, text] of Object.entries(options.files ?? {})) this.write(name, text)
    this.write('claimgate.yaml', configurationOf(options))
    this.cli.signal('SIGHUP')
    const said = await this.#until(
      () => this.cli.output.stderr.match(SAID) ?? [],
      (all) => all.length > before,
      'word of the configuration',
    )
    return said.at(-1)!
  }

  async stop(): Promise<void> {
    this.cli.signal('SIGTERM')
    await this.cli.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cli.kill()
    await this.cli.ended
    rmSync(this.folder, { recursive: true, force: true })
  }

  #lines(): readonly LogLine[] {
    const { stdout } = this.cli.output
    // The last line may not be whole yet.
    return stdout
      .slice(0, stdout.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
  }

  #lastLines(): string {
    return this.cli.output.stdout.slice(-4000)
  }

  async #until<T>(look: () => T, enough: (found: T) => boolean, what: string): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const found = look()
      if (enough(found)) return found
      if (performance.now() > deadline)
        throw new Error(`not in time: ${what}\n${this.cli.output.stderr}\n${this.#lastLines()}`)
      await sleep(15)
    }
  }
}

function codeOf(body: string): string {
  if (!body.startsWith('{')) return ''
  return (JSON.parse(body) as { readonly code?: string }).code ?? ''
}
