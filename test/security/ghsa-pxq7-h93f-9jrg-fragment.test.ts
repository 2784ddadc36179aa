import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGuardedGateway } from '../support/guarded-gateway.ts'

/**
 * GHSA-pxq7-h93f-9jrg (oauth2-proxy): `/private#/public` was compared with its fragment and forwarded without it. No
 * client sends a fragment; who does is refused.
 */
test('a target with a fragment is refused, and an encoded one is a part of the path', async () => {
  await using guarded = await startGuardedGateway({
    rest: `
routes: [{ path: /*, backend: backend, auth: { use: main, mode: whitelist, paths: [/public, /private%23/public] } }]`,
  })
  for (const target of ['/private#/public', '/public#', '/private?x#/public', '#/public']) {
    assert.equal((await guarded.send({ target })).status, 400, target)
  }
  for (const target of ['/private', '/private?%23/public', '/private/%23/../x']) {
    assert.equal((await guarded.send({ target })).status, 401, target)
  }
  assert.equal(guarded.backend.requests.length, 0)
  assert.equal((await guarded.send({ target: '/private%23/public' })).status, 200)
  assert.equal(guarded.backend.last().url, '/private%23/public')
})
