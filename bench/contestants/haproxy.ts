import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../processes.ts'
import { ISSUER, type Measured } from '../tokens.ts'
import type { Workbench } from '../workbench.ts'
import { serverCertificate } from './certificate.ts'
import type { Contestant, Task } from './contestant.ts'

/** HAProxy counts clients, and opens two files for each; this stays under the limits that machines have. */
const SPARE_CONNECTIONS = 1000

/** Starts HAProxy with one thread and no log, and with connections to the backend kept and shared. */
export async function startHaproxy(bench: Workbench, task: Task): Promise<Contestant> {
  const port = await freePort()
  const file = join(bench.scratch, `${task.name}.cfg`)
  writeFileSync(file, await configuration(bench, task, port))
  const command = { name: task.name, core: bench.cores.gateway, file: 'haproxy', args: ['-db', '-f', file] }
  const running = await bench.processes.serve(command, port)
  return { process: running, origin: `${task.tls ? 'https' : 'http'}://127.0.0.1:${port}` }
}

async function configuration(bench: Workbench, task: Task, port: number): Promise<string> {
  const tls = task.tls ? ` ssl crt ${(await serverCertificate(bench)).bothFile}` : ''
  const checks = task.guard === 'none' ? [] : checksOf(task.guard, bench.keys(task.guard).pemFile)
  return `
global
  nbthread 1
  maxconn ${task.maxConnections + SPARE_CONNECTIONS}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  option http-keep-alive
  http-reuse always
${task.streaming === true ? '  option http-no-delay\n' : ''}frontend in
  bind 127.0.0.1:${port}${tls}
${checks.map((line) => `  http-request ${line}\n`).join('')}
  default_backend out
backend out
  server b ${task.backend.replace('http://', '')}
`
}

/**
 * The recipe of HAProxy's own documentation of `jwt_verify`, with what Claimgate checks as well: bearer, algorithm,
 * signature, `exp`, `iss`; then `sub` into a header, and the token removed.
 */
function checksOf(alg: Measured, pemFile: string): string[] {
  return [
    'set-var(txn.bearer) http_auth_bearer',
    "set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')",
    `deny deny_status 401 unless { var(txn.alg) -m str ${alg} }`,
    `deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${pemFile}") 1 }`,
    "set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')",
    'set-var(txn.now) date()',
    'deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }',
    "set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')",
    `deny deny_status 401 unless { var(txn.iss) -m str ${ISSUER} }`,
    "set-header X-User %[var(txn.bearer),jwt_payload_query('$.sub')]",
    'del-header Authorization',
  ]
}
