import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'

export interface ConfigurationFolder {
  readonly path: string
  readonly issuer: TestIssuer
  write(name: string, text: string): void
}

/** A temporary folder with `jwks.json` and a `claimgate.yaml`; it goes when the tests of the file are done. */
export async function createFolder(configuration: string): Promise<ConfigurationFolder> {
  const path = mkdtempSync(join(tmpdir(), 'claimgate-cli-test-'))
  after(() => rmSync(path, { recursive: true, force: true }))
  const issuer = await createIssuer('ES256', 'key-1')
  const write = (name: string, text: string): void => writeFileSync(join(path, name), text)
  write('jwks.json', JSON.stringify(issuer.jwks))
  write('package.json', '{ "type": "module" }')
  write('claimgate.yaml', configuration)
  return { path, issuer, write }
}
