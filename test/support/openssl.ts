import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestCertificate {
  readonly certPem: string
  readonly keyPem: string
}

/** A self-signed certificate of these names, made by the `openssl` command. */
export function makeCertificate(...names: readonly string[]): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-certificate-'))
  try {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const outputs = ['-keyout', keyFile, '-out', certFile]
    const subject = ['-subj', '/CN=claimgate test', '-addext', `subjectAltName=${alternatives}`]
    execFileSync('openssl', ['req', ...options, ...outputs, ...subject], { stdio: 'ignore' })
    return { certPem: readFileSync(certFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Undefined where the command is there; otherwise why tests that need it are skipped. In CI they fail instead. */
export function whyNoOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return process.env['CI'] === 'true' ? undefined : 'the `openssl` command is not installed'
  }
}
