import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestCertificate } from './openssl.ts'
import type { Signer } from './signer.ts'

/** Somebody who issues certificates, made by the `openssl` command. */
export interface Authority extends Disposable {
  readonly certPem: string
  /** A certificate of these names and addresses: `keys.example`, `127.0.0.1`. The first is its common name. */
  issue(...names: readonly string[]): TestCertificate
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export function createAuthority(name = 'test authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-authority-'))
  const path = (file: string): string => join(folder, file)
  const outputs = ['-keyout', path('ca.key'), '-out', path('ca.pem')]
  openssl('req', '-x509', ...EC, '-days', '2', ...outputs, '-subj', `/CN=${name}`)
  return {
    certPem: readFileSync(path('ca.pem'), 'utf8'),
    issue(...names) {
      openssl('req', ...EC, '-keyout', path('key'), '-out', path('csr'), '-subj', `/CN=${names[0]}`)
      const alternatives = names.map((each) => (/^[\d.]+$/.test(each) ? `IP:${each}` : `DNS:${each}`))
      writeFileSync(path('ext'), `subjectAltName=${alternatives.join(',')}\n`)
      const signing = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2']
      openssl('x509', '-req', '-in', path('csr'), ...signing, '-extfile', path('ext'), '-out', path('cert'))
      return { certPem: readFileSync(path('cert'), 'utf8'), keyPem: readFileSync(path('key'), 'utf8') }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

/** A certificate that a signer of an asymmetric algorithm made for itself, in PEM. */
export function certificateOf(signer: Signer): string {
  if (Buffer.isBuffer(signer.privateKey)) throw new Error('a secret has no certificate')
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-certificate-'))
  try {
    const key = join(folder, 'key.pem')
    writeFileSync(key, signer.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const certificate = join(folder, 'cert.pem')
    openssl('req', '-x509', '-key', key, '-days', '2', '-out', certificate, '-subj', '/CN=signer')
    return readFileSync(certificate, 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function openssl(...options: readonly string[]): void {
  execFileSync('openssl', options, { stdio: 'ignore' })
}
