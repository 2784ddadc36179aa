import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, test } from 'node:test'
import { createSigner } from '../../test/support/signer.ts'
import { Fault } from '../errors/fault.ts'
import { toPortable } from './portable-configuration.ts'
import { readApart, readBy } from './read-apart.ts'
import type { ConfigurationReading } from './read-configuration.ts'
import { readFromDisk } from './read-from-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-apart-'))
after(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** With keys as data, which can be compared. */
function comparable({ configuration, ...rest }: ConfigurationReading): unknown {
  return { ...rest, configuration: configuration && toPortable(configuration) }
}

const jwks = JSON.stringify({
  keys: [createSigner('HS256', { kid: 'h' }).jwk, createSigner('ES256', { kid: 'e' }).jwk],
})

test('what is read in a thread of its own is what is read here', async () => {
  const keys = write('keys.json', jwks)
  const good = write(
    'good.yaml',
    `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: "\${BACKEND}" } }
authentications: { a: { issuer: i, keys: { jwksFile: ${keys} }, forward: [{ claim: sub, header: X-User }] } }
routes:
  - { path: /open, backend: b, auth: none }
  - { path: /*, backend: b, auth: a }
`,
  )
  const environment = { BACKEND: 'http://127.0.0.1:9' }
  const [here, apart] = [
    await readFromDisk({ file: good }, environment),
    await readApart({ file: good }, environment),
  ]
  assert.equal(here.configuration?.plan.routes.length, 2, JSON.stringify(here.problems))
  assert.deepEqual(comparable(apart), comparable(here))
  assert.ok(here.files.includes(keys))
})

test('problems, and the files to watch, come from there too', async () => {
  const bad = write('bad.yaml', 'version: 1\nroutes: [{ path: x }]\n')
  for (const file of [bad, join(folder, 'missing.yaml'), folder]) {
    const [here, apart] = [await readFromDisk({ file }, {}), await readApart({ file }, {})]
    assert.ok(here.problems.length > 0)
    assert.deepEqual(apart, here)
  }
})

for (const [what, body] of [
  ['throws', 'throw new Error("broken")'],
  ['ends without an answer', ''],
  ['is ended', 'process.exit(3)'],
] as const) {
  test(`a thread that ${what} is told of, and the process goes on`, async () => {
    const module = pathToFileURL(write(`${what.replaceAll(' ', '-')}.mjs`, body))
    await assert.rejects(readBy(module)({ file: 'x' }, {}), Fault)
  })
}
