import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant } from './contestants/contestant.ts'
import type { Cores } from './cores.ts'
import { freePort, type Processes } from './processes.ts'

/** Answers to requests that carry nothing: 42 bytes. */
const SMALL_ANSWER = 'hello from the backend, forty-two bytes..\\n'

/** Sizes of bodies, in bytes, and the names they have in paths and rows. */
export const BODY_SIZES = { '4k': 4096, '1m': 1_048_576 } as const
export type BodySize = keyof typeof BODY_SIZES

/**
 * Starts the nginx that stands behind every gateway, one process on the load core.
 *
 * - `/…`: 42 bytes.
 * - `/file/<size>`: a body of that size.
 * - `/upload`: reads the whole body, then answers 42 bytes. An nginx that answered before it had read all would let wrk
 *   begin the next request in the middle of this one.
 * - `/…/whoami`: what it was told of the caller, for `same-checks.ts`.
 */
export async function startBackend(processes: Processes, cores: Cores, scratch: string): Promise<Contestant> {
  const root = join(scratch, 'www', 'file')
  mkdirSync(root, { recursive: true })
  for (const [name, bytes] of Object.entries(BODY_SIZES))
    writeFileSync(join(root, name), Buffer.alloc(bytes, 'x'))
  const port = await freePort()
  const config = join(scratch, 'nginx.conf')
  writeFileSync(config, nginxConfig(port, scratch))
  const args = ['-c', config, '-e', join(scratch, 'nginx.err')]
  const running = await processes.serve({ name: 'nginx', core: cores.load, file: 'nginx', args }, port)
  return { process: running, origin: `http://127.0.0.1:${port}` }
}

function nginxConfig(port: number, scratch: string): string {
  return `
daemon off; master_process off; pid ${scratch}/nginx.pid; error_log ${scratch}/nginx.err;
events { worker_connections 16384; }
http {
  access_log off; default_type text/plain;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  sendfile on; open_file_cache max=10;
  client_body_temp_path ${scratch}/body; proxy_temp_path ${scratch}/proxy; fastcgi_temp_path ${scratch}/fastcgi;
  uwsgi_temp_path ${scratch}/uwsgi; scgi_temp_path ${scratch}/scgi;
  client_max_body_size 2m; client_body_buffer_size 2m;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location / { return 200 "${SMALL_ANSWER}"; }
    location /file/ { root ${scratch}/www; }
    location /upload {
      proxy_pass http://127.0.0.1:${port}/;
      proxy_pass_request_body off; proxy_set_header Content-Length "";
    }
    location ~ /whoami$ { return 200 "$http_x_user|$http_authorization"; }
  }
}
`
}
