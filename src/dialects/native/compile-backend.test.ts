import assert from 'node:assert/strict'
import { test } from 'node:test'
import { briefly, readTexts } from '../../../test/support/dialects.ts'

test('a file without the authorities of a backend is an error by its name', async () => {
  const { configuration, problems } = await readTexts({
    'main.yaml': `version: 1
backends:
  app:
    url: https://127.0.0.1:9000
    ca: notes.txt
routes: [{ path: /*, backend: app, auth: none }]
`,
    'notes.txt': 'ask the other team for it',
  })
  assert.equal(configuration, undefined)
  assert.deepEqual(briefly(problems), ['5 error: `notes.txt` holds no certificate'])
  assert.equal(problems[0]?.hint, 'it must be PEM, with a `-----BEGIN CERTIFICATE-----` line')
})
