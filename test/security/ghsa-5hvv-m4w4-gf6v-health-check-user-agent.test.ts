import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGuardedGateway } from '../support/guarded-gateway.ts'

/**
 * GHSA-5hvv-m4w4-gf6v (oauth2-proxy): who called himself `GoogleHC/1.0` was taken for a health check and let in. The same
 * door in other gateways: a preflight, a header whose absence skips authentication, a request from nearby.
 */
test('no header, method or address is a way around the token', async () => {
  await using guarded = await startGuardedGateway({
    rest: 'routes: [{ path: /*, backend: backend, auth: main }]\ntrustedProxies: [127.0.0.0/8]',
  })
  for (const fields of [
    ['User-Agent: GoogleHC/1.0'],
    ['User-Agent: kube-probe/1.30'],
    ['User-Agent: ELB-HealthChecker/2.0'],
    ['Origin: http://a.example', 'Access-Control-Request-Method: GET'],
    ['X-Forwarded-For: 127.0.0.1'],
    ['X-Real-Ip: 127.0.0.1'],
    ['X-Consumer-Username: admin', 'X-Mse-Consumer: admin'],
    ['X-Jwt-Assertion: {}', 'X-Userinfo: e30='],
    ['Upgrade: websocket', 'Connection: Upgrade, close'],
    ['Expect: 100-continue', 'Content-Length: 0'],
  ]) {
    for (const method of ['GET', 'OPTIONS', 'HEAD', 'TRACE']) {
      const answer = await guarded.send({ method, fields, target: '/healthz' })
      assert.equal(answer.status, 401, `${method} ${fields.join(', ')}`)
    }
  }
  assert.equal(guarded.backend.requests.length, 0)
})
