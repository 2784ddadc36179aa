import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { policy } from '../support/mesh.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createFolder } from './folder.ts'
import { startRunning } from './running-cli.ts'

const folder = await createFolder('version: 1\n')
mkdirSync(join(folder.path, 'mesh'))
const deny = (path: string, name: string): string =>
  policy('DENY', `[{ to: [{ operation: { paths: [${path}] } }] }]`, name)

it('a folder of resources is served, and a file that is put in is read', { timeout: 60_000 }, async () => {
  const backend = await startRecordingBackend()
  after(() => backend.close())
  folder.write('mesh/a.yaml', deny('/a', 'a'))
  const args = ['serve', 'mesh', '--backend', backend.url, '--listen', '127.0.0.1:0']
  const gateway = startRunning(args, { cwd: folder.path })
  after(() => gateway.kill())
  await gateway.until(/listening on http:\/\/127\.0\.0\.1:\d+\n/)
  const url = /listening on (\S+)/.exec(gateway.output.stderr)?.[1] ?? ''
  const status = async (path: string): Promise<number> => (await fetch(url + path)).status
  assert.deepEqual([await status('/a'), await status('/b')], [403, 200])
  folder.write('mesh/b.yaml', deny('/b', 'b'))
  await gateway.until('the configuration was reloaded')
  assert.deepEqual([await status('/a'), await status('/b')], [403, 403])
  folder.write('mesh/b.yaml', deny('/b', 'b').replace('paths', 'pahts'))
  await gateway.until('the last good configuration serves on')
  assert.deepEqual([await status('/a'), await status('/b')], [403, 403])
  gateway.signal('SIGTERM')
  assert.equal(await gateway.ended, 0)
})
