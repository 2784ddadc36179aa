import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatProblems, readConfiguration, type Configuration } from '../../src/config/index.ts'
import { startServer, type Server } from '../../src/gateway/server.ts'
import { fetchKeys, KeyFetcher, storeFedBy, type KeyCache } from '../../src/keys/index.ts'
import { keySourcesOf } from '../../src/plan/key-sources.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import type { AccessEntry } from '../../src/telemetry/access-log.ts'
import type { Facts } from '../../src/telemetry/log.ts'

export interface TestGateway {
  readonly url: string
  readonly server: Server
  readonly fetcher: KeyFetcher
  /** The access log so far. */
  readonly entries: AccessEntry[]
  readonly logged: { readonly level: string; readonly message: string; readonly facts: Facts }[]
  close(): Promise<void>
}

export interface TestGatewayOptions {
  readonly clock?: Clock
  /** Files that the configuration names, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** The name of the configuration, which tells nothing of its dialect. */
  readonly name?: string
  readonly backends?: readonly string[]
  /** Where fetched keys outlive the gateway; nowhere without it. */
  readonly keyCache?: KeyCache
}

const FOLDER = resolve('/virtual')

/** Reads a configuration from text; throws with every problem where it has errors. */
export async function configurationOf(
  text: string,
  options: TestGatewayOptions = {},
): Promise<Configuration> {
  const name = resolve(FOLDER, options.name ?? 'claimgate.yaml')
  const { configuration, problems } = await readConfiguration(
    { file: name, backends: options.backends ?? [], listen: '127.0.0.1:0' },
    {
      readFile: async (path) => {
        if (path === name) return text
        const own = options.files?.[path.slice(FOLDER.length + 1)]
        return own ?? readFile(path, 'utf8')
      },
    },
  )
  if (configuration === undefined)
    throw new Error(`the test's configuration has errors:\n${formatProblems(problems)}`)
  return configuration
}

/** A whole gateway on a free port of the loopback, from the text of a configuration. */
export async function startTestGateway(text: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const entries: AccessEntry[] = []
  const logged: { level: string; message: string; facts: Facts }[] = []
  const note =
    (level: string) =>
    (message: string, facts: Facts = {}): void =>
      void logged.push({ level, message, facts })
  const configuration = await configurationOf(text, options)
  const clock = options.clock ?? { now: () => Date.now() }
  const log = { info: note('info'), warn: note('warn'), error: note('error') }
  const fetcher = new KeyFetcher({
    clock,
    log,
    random: Math.random,
    fetch: fetchKeys,
    cache: options.keyCache,
  })
  fetcher.add(keySourcesOf(configuration.plan))
  const server = await startServer(configuration, {
    clock,
    log,
    accessLog: { write: (entry) => void entries.push(entry) },
    keys: storeFedBy(fetcher),
  })
  return {
    url: server.addresses[0]!,
    server,
    fetcher,
    entries,
    logged,
    close: async () => {
      server.kill()
      await server.drain()
      await fetcher.close()
    },
  }
}
