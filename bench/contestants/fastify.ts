import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../processes.ts'
import { ISSUER, type Measured } from '../tokens.ts'
import type { Workbench } from '../workbench.ts'
import type { Contestant, Task } from './contestant.ts'

export interface FastifyTask extends Task {
  readonly guard: Measured
  /** Whether verified tokens are remembered: `cache: true` of fast-jwt, which is off unless asked for. */
  readonly cache: boolean
}

const GATEWAY = fileURLToPath(new URL('fastify-gateway.mjs', import.meta.url))
const BENCH = dirname(dirname(GATEWAY))
/** One npm takes a few seconds; a slow network gets its time. */
const INSTALL_MS = 120_000

/** Starts Fastify with @fastify/http-proxy and @fastify/jwt, on the Node that runs the others. */
export async function startFastify(bench: Workbench, task: FastifyTask): Promise<Contestant> {
  await install(bench)
  const port = await freePort()
  const settings = {
    port,
    backend: task.backend,
    connections: task.maxConnections,
    issuer: ISSUER,
    algorithm: task.guard,
    publicKeyFile: bench.keys(task.guard).pemFile,
    cache: task.cache,
  }
  const command = {
    name: task.name,
    core: bench.cores.gateway,
    file: process.execPath,
    args: [GATEWAY, JSON.stringify(settings)],
  }
  return { process: await bench.processes.serve(command, port), origin: `http://127.0.0.1:${port}` }
}

/** Its packages are no dependencies of the gateway, so they come when they are first needed. */
async function install(bench: Workbench): Promise<void> {
  if (existsSync(`${BENCH}/node_modules/fastify`)) return
  process.stderr.write('installing Fastify and its plugins into bench/node_modules\n')
  const command = {
    name: 'npm ci',
    core: bench.cores.load,
    file: 'npm',
    args: ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    cwd: BENCH,
  }
  const { code, stderr } = await bench.processes.run(command, INSTALL_MS)
  if (code !== 0) throw new Error(`\`npm ci\` in bench/ ended with ${code}\n${stderr}`)
}
