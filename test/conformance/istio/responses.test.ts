import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bearer, valuesOf, type TestRequest } from '../../support/decision.ts'
import { authentication, meshPlan, policy, refusalOf } from '../../support/mesh.ts'

async function response(request: TestRequest, ...documents: readonly string[]) {
  const refused = refusalOf(await meshPlan([authentication(), ...documents]), request)
  assert.ok(refused !== undefined)
  return refused
}

const BAD = bearer('a.b')

describe('the answer to a bad token', () => {
  it('is a 401 with the text alone and a challenge', async () => {
    const { status, headers, body } = await response({ headers: BAD, authority: 'a.test', target: '/x' })
    assert.equal(status, 401)
    assert.equal(body, 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections')
    assert.deepEqual(valuesOf(headers, 'content-type'), ['text/plain'])
    assert.deepEqual(valuesOf(headers, 'www-authenticate'), [
      'Bearer realm="http://a.test/x", error="invalid_token"',
    ])
  })

  it('has a realm of 256 characters at most, without the query', async () => {
    const { headers } = await response({ headers: BAD, target: `/${'x'.repeat(300)}?access_token=secret` })
    const [challenge = ''] = valuesOf(headers, 'www-authenticate')
    assert.equal(/realm="(.*)",/.exec(challenge)?.[1]?.length, 256)
    assert.ok(!challenge.includes('secret'))
    const { headers: short } = await response({ headers: BAD, target: '/x?access_token=secret' })
    assert.ok(!valuesOf(short, 'www-authenticate').join('').includes('secret'))
  })

  it('says https where the client came by TLS', async () => {
    const { headers } = await response({
      headers: BAD,
      authority: 'a.test',
      peer: { address: '192.0.2.1', tls: true },
    })
    assert.match(valuesOf(headers, 'www-authenticate')[0] ?? '', /realm="https:\/\/a.test\/"/)
  })

  it('is a gRPC status for a call', async () => {
    const { status, headers, body } = await response({
      headers: [...BAD, 'Content-Type', 'application/grpc+proto'],
    })
    assert.equal(status, 200)
    assert.equal(body, '')
    assert.deepEqual(valuesOf(headers, 'grpc-status'), ['16'])
    assert.match(valuesOf(headers, 'grpc-message')[0] ?? '', /^Jwt%20is%20not%20in/)
  })
})

describe('the answer of a policy', () => {
  const deny = policy('DENY', '[{}]')

  it('is a 403 that says no more', async () => {
    const { status, headers, body } = await response({}, deny)
    assert.equal(status, 403)
    assert.equal(body, 'RBAC: access denied')
    assert.deepEqual(valuesOf(headers, 'www-authenticate'), [])
  })

  it('is status 7 for a gRPC call', async () => {
    const { status, headers } = await response({ headers: ['Content-Type', 'application/grpc'] }, deny)
    assert.equal(status, 200)
    assert.deepEqual(valuesOf(headers, 'grpc-status'), ['7'])
  })
})
