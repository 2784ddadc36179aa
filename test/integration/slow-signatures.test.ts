import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startGuardedGateway } from '../support/guarded-gateway.ts'
import { createIssuer } from '../support/tokens.ts'

const LOG_STEPS = 'log: { steps: all }\nroutes: [{ path: /*, backend: backend, auth: main }]'

for (const alg of ['ES384', 'ES512'] as const) {
  test(`${alg}: good tokens go through and forged ones do not, however many come at once`, async () => {
    const issuer = await createIssuer(alg)
    await using guarded = await startGuardedGateway({ issuer })
    const good = await Promise.all(Array.from({ length: 20 }, (_, user) => issuer.token({ sub: `u${user}` })))
    const forged = good.map((token, index) => {
      const [header, payload] = token.split('.')
      const signature = good[(index + 1) % good.length]!.split('.')[2]
      return `${header}.${payload}.${signature}`
    })
    const tokens = [...good, ...forged, ...good]
    const statuses = await Promise.all(
      tokens.map(async (token) => {
        const answer = await guarded.send({ fields: [`Authorization: Bearer ${token}`] })
        return answer.status
      }),
    )
    assert.deepEqual(
      statuses,
      tokens.map((_, index) => (index >= 20 && index < 40 ? 401 : 200)),
    )
  })
}

test('the steps of a decision that waited stand once, and say so', async () => {
  const issuer = await createIssuer('ES384')
  await using guarded = await startGuardedGateway({ issuer, rest: LOG_STEPS })
  await guarded.send({ fields: [`Authorization: Bearer ${await issuer.token()}`] })
  const steps = guarded.gateway.entries[0]?.steps?.map(({ stage, message }) => `${stage}: ${message}`) ?? []
  assert.ok(steps.includes('token: waited for a signature to be checked'))
  assert.equal(new Set(steps).size, steps.length)
  assert.equal(steps.filter((step) => step.includes('a token stands in')).length, 1)
})

test('a client that leaves while its token is checked costs nothing, and the others are served on', async () => {
  const issuer = await createIssuer('ES512')
  await using guarded = await startGuardedGateway({ issuer })
  const { hostname, port } = new URL(guarded.gateway.url)
  await Promise.all(
    Array.from({ length: 20 }, async (_, user) => {
      const token = await issuer.token({ sub: `u${user}` })
      const socket = connect(Number(port), hostname)
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      socket.end(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`)
      await new Promise<void>((resolve) => socket.once('close', resolve).resume())
    }),
  )
  const answer = await guarded.send({ fields: [`Authorization: Bearer ${await issuer.token()}`] })
  assert.equal(answer.status, 200)
  assert.equal(guarded.gateway.logged.filter(({ level }) => level === 'error').length, 0)
})
