import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workbench } from '../workbench.ts'

/** Files of the certificate that every gateway speaks TLS with. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  /** Both in one, as HAProxy wants them. */
  readonly bothFile: string
}

const OPENSSL_MS = 10_000

/** A self-signed P-256 certificate of this run: what public authorities give out today in size and cost. */
export async function serverCertificate(bench: Workbench): Promise<CertificateFiles> {
  const certFile = join(bench.scratch, 'server.pem')
  const keyFile = join(bench.scratch, 'server.key')
  const bothFile = join(bench.scratch, 'server.both')
  if (existsSync(bothFile)) return { certFile, keyFile, bothFile }
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const args = [...words.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const command = {
    name: 'openssl req',
    core: bench.cores.load,
    file: 'openssl',
    args: [...args, '-keyout', keyFile, '-out', certFile],
  }
  const { code, stderr } = await bench.processes.run(command, OPENSSL_MS)
  if (code !== 0) throw new Error(`openssl made no certificate\n${stderr}`)
  writeFileSync(bothFile, readFileSync(certFile, 'utf8') + readFileSync(keyFile, 'utf8'))
  return { certFile, keyFile, bothFile }
}
