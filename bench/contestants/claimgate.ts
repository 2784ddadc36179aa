import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { freePort, type Processes } from '../processes.ts'
import type { Cores } from '../cores.ts'
import { ISSUER } from '../tokens.ts'
import type { Workbench } from '../workbench.ts'
import type { Contestant, Task } from './contestant.ts'
import { serverCertificate } from './certificate.ts'
import { routePath } from '../route-path.ts'
import { manyRules, ruleAuthentications } from './many-rules.ts'

/** What can speak HTTP in the build that is measured. */
export interface Engines {
  /** Of the build, or what the run was told to take for it. */
  readonly default: string
  readonly all: readonly string[]
}

export interface ClaimgateTask extends Task {
  /** Without it, the default. */
  readonly engine?: string
  /** This many routes, `/00000/*` and so on, instead of one for every path. */
  readonly routes?: number
  /** This many authentications of ten keys, each with a global rule of a hundred conditions, beside the one that is used. */
  readonly rules?: number
  /** Whether the load generator is believed where it says that a request comes from elsewhere. */
  readonly behindProxy?: boolean
}

/** A hundred thousand routes take some seconds to read. */
const READY_MS = 60_000

/** Starts `claimgate serve` with its defaults, except that it writes no line per request: HAProxy does not either. */
export async function startClaimgate(bench: Workbench, task: ClaimgateTask): Promise<Contestant> {
  const port = await freePort()
  const file = join(bench.scratch, `${task.name}.yaml`)
  writeFileSync(file, await configuration(bench, task, port))
  const command = {
    name: task.name,
    core: bench.cores.gateway,
    file: process.execPath,
    args: [bench.claimgate, 'serve', file],
  }
  const running = await bench.processes.serve(command, port, READY_MS)
  return { process: running, origin: `${task.tls ? 'https' : 'http'}://127.0.0.1:${port}` }
}

const SCHEMA = z.object({
  properties: z.object({
    engine: z
      .object({
        default: z.string().optional(),
        const: z.string().optional(),
        enum: z.array(z.string()).optional(),
      })
      .optional(),
  }),
})

/** Asks the build which engines it has: `claimgate schema` lists them. */
export async function readEngines(processes: Processes, cores: Cores, claimgate: string): Promise<Engines> {
  const command = {
    name: 'claimgate schema',
    core: cores.gateway,
    file: process.execPath,
    args: [claimgate, 'schema'],
  }
  const { code, stdout, stderr } = await processes.run(command, READY_MS)
  if (code !== 0) throw new Error(`\`claimgate schema\` ended with ${code}\n${stderr}`.trim())
  const { engine } = SCHEMA.parse(JSON.parse(stdout)).properties
  const all = engine?.enum ?? [engine?.const ?? 'node']
  return { default: engine?.default ?? all[0] ?? 'node', all }
}

async function configuration(bench: Workbench, task: ClaimgateTask, port: number): Promise<string> {
  const settings: Record<string, unknown> = {
    version: 1,
    listeners: [{ address: `127.0.0.1:${port}`, ...(task.tls ? { tls: await tlsOf(bench) } : {}) }],
    backends: { b: { url: task.backend, maxConnections: task.maxConnections } },
    log: { access: false, steps: 'off' },
  }
  const engine = task.engine ?? bench.options.engine
  if (engine !== undefined) settings['engine'] = engine
  if (task.behindProxy === true) settings['trustedProxies'] = ['127.0.0.1']
  if (task.guard !== 'none') {
    const keys = { jwksFile: bench.keys(task.guard).jwksFile }
    settings['authentications'] = {
      a: { issuer: ISSUER, keys, forward: [{ claim: 'sub', header: 'X-User' }] },
      ...ruleAuthentications(bench, task.rules ?? 0),
    }
    if (task.rules !== undefined) settings['rules'] = manyRules(task.rules)
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return [...lines, 'routes:', ...routes(task)].join('\n')
}

/** In the shortest words that YAML has: a hundred thousand must fit into one file of 4 MiB. */
function routes(task: ClaimgateTask): string[] {
  const auth = task.guard === 'none' ? 'none' : 'a'
  if (task.routes === undefined) return [`- {path: /*, backend: b, auth: ${auth}}`]
  return Array.from(
    { length: task.routes },
    (_, index) => `- {path: ${routePath(index)}*, backend: b, auth: ${auth}}`,
  )
}

async function tlsOf(bench: Workbench): Promise<object> {
  const { certFile, keyFile } = await serverCertificate(bench)
  return { certificates: [{ cert: certFile, key: keyFile }] }
}
