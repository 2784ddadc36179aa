import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildPlan } from '../../src/plan/build.ts'
import { jsonAccessLog } from '../../src/telemetry/access-log.ts'
import {
  authenticationSpec,
  bearer,
  guardSpec,
  hmacIssuer,
  NOW_SECONDS,
  planSpec,
  routeSpec,
  verdictOn,
} from '../support/decision.ts'
import { codeOf, startGuardedGateway } from '../support/guarded-gateway.ts'
import { headerOf } from '../support/recording-backend.ts'
import { claimRules, mint } from '../support/signer.ts'
import { createIssuer } from '../support/tokens.ts'

/** Eight weaknesses of Higress' jwt-auth plugin, which the gateways that this one replaces are built on; a test each. */

test('1: the consumer header of a client is replaced, not added to', async () => {
  await using guarded = await startGuardedGateway({
    main: 'forward: [{ claim: sub, header: X-Mse-Consumer }]',
  })
  const fields = [
    'X-Mse-Consumer: admin',
    `Authorization: Bearer ${await guarded.issuer.token({ sub: 'jon' })}`,
  ]
  assert.equal((await guarded.send({ fields })).status, 200)
  assert.deepEqual(headerOf(guarded.backend.last(), 'x-mse-consumer'), ['jon'])
})

test('2: where the token lacks a mapped claim, the client’s own header of that name goes', async () => {
  await using guarded = await startGuardedGateway({
    main: 'forward: [{ claim: role, header: X-Role }, { claim: role, query: role }]',
  })
  const fields = ['X-Role: admin', `Authorization: Bearer ${await guarded.issuer.token()}`]
  assert.equal((await guarded.send({ target: '/p?role=admin', fields })).status, 200)
  assert.deepEqual(headerOf(guarded.backend.last(), 'x-role'), [])
  assert.equal(guarded.backend.last().url, '/p')
})

test('3: an unknown kid is refused instead of tried with the first key, and an empty key set lets nobody in', () => {
  const issuer = hmacIssuer({ kid: 'first' })
  for (const [keys, reason] of [
    [issuer.keys, 'kid-unknown'],
    [[], 'no-keys'],
  ] as const) {
    const plan = buildPlan(
      planSpec({
        authentications: [authenticationSpec('main', { keys })],
        routes: [routeSpec({ guards: [guardSpec('main')] })],
      }),
    )
    const token = mint(issuer.signer, { exp: NOW_SECONDS + 60 }, { kid: 'second' })
    assert.equal(verdictOn(plan, { headers: bearer(token) }), reason)
  }
})

test('4: one authentication that does not keep the token takes it from no other, and it goes from every place', async () => {
  const second = await createIssuer('ES256', 'second')
  await using guarded = await startGuardedGateway({
    main: 'issuer: one, tokenFrom: [{ query: jwt }], keepToken: false',
    authentications: `  second: { issuer: two, tokenFrom: [{ query: jwt }], keepToken: false, keys: { jwks: ${JSON.stringify(second.jwks)} } }`,
    rest: 'routes: [{ path: /*, backend: backend, auth: [main, second] }]',
  })
  const token = await second.token({ iss: 'two' })
  assert.equal((await guarded.send({ target: `/p?a=1&jwt=${token}&b=2` })).status, 200)
  assert.equal(guarded.backend.last().url, '/p?a=1&b=2')
})

test('5: no token is written to any log, whatever is wrong with it', async () => {
  await using guarded = await startGuardedGateway({
    main: 'issuer: one, tokenFrom: [{ header: Authorization, prefix: Bearer }, { query: jwt }, { cookie: jwt }]',
  })
  const { issuer, gateway } = guarded
  const tokens = [
    await issuer.token({ iss: 'one' }),
    await issuer.token({ iss: 'other' }),
    await issuer.token({ iss: 'one', exp: 1 }),
    (await issuer.token({ iss: 'one' })).replace(/.{20}$/, 'A'.repeat(20)),
    'not-a-token-at-all-but-a-secret',
  ]
  for (const token of tokens) {
    await guarded.send({ fields: [`Authorization: Bearer ${token}`] })
    await guarded.send({ fields: [`Authorization: ${token}`] })
    await guarded.send({ target: `/p?jwt=${token}` })
    await guarded.send({ fields: [`Cookie: jwt=${token}`] })
  }
  let lines = ''
  const log = jsonAccessLog({ write: (line) => (lines += line) })
  for (const entry of gateway.entries) log.write(entry)
  lines += JSON.stringify(gateway.logged)
  assert.equal(gateway.entries.length, 4 * tokens.length)
  for (const part of tokens.flatMap((token) => token.split('.')).filter((each) => each.length > 8)) {
    assert.ok(!lines.includes(part))
  }
})

test('6: a missing token is 401 with several authentications as with one', async () => {
  const second = await createIssuer('ES256', 'second')
  await using guarded = await startGuardedGateway({
    main: 'issuer: one',
    authentications: `  second: { issuer: two, keys: { jwks: ${JSON.stringify(second.jwks)} } }`,
    rest: 'routes: [{ path: /*, backend: backend, auth: [main, second] }]',
  })
  const answer = await guarded.send({})
  assert.deepEqual([answer.status, codeOf(answer)], [401, 'GW_TOKEN_MISSING'])
  assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer realm=/)
})

test('7: a prefix that does not match ends one authentication’s search alone, and cookies are told apart by their whole name', async () => {
  const second = await createIssuer('ES256', 'second')
  await using guarded = await startGuardedGateway({
    main: 'issuer: one',
    authentications: `  second: { issuer: two, tokenFrom: [{ cookie: jwt }], keys: { jwks: ${JSON.stringify(second.jwks)} } }`,
    rest: 'routes: [{ path: /*, backend: backend, auth: [main, second] }]',
  })
  const token = await second.token({ iss: 'two' })
  const cookies = `jwt2=a=b==; xjwt=1; jwt=${token}; jwt-x=2; my_jwt=3`
  assert.equal(
    (await guarded.send({ fields: ['Authorization: Basic dXNlcg==', `Cookie: ${cookies}`] })).status,
    200,
  )
  assert.deepEqual(headerOf(guarded.backend.last(), 'cookie'), ['jwt2=a=b==; xjwt=1; jwt-x=2; my_jwt=3'])
})

test('8: of a thousand authentications a token is verified by the one of its issuer, and a rule more costs nothing', () => {
  const issuer = hmacIssuer()
  const names = Array.from({ length: 1000 }, (_, i) => `auth-${i}`)
  const plan = buildPlan(
    planSpec({
      authentications: names.map((name) =>
        authenticationSpec(name, { keys: issuer.keys, rules: claimRules({ issuer: name }) }),
      ),
      // Two rules for each.
      guards: [...names, ...names].map((name, i) => guardSpec(name, { mode: 'all' }, `rule-${i}`)),
    }),
  )
  const match = plan.routes.match('a.test', '/', 'GET')
  assert.ok(match.kind === 'route')
  const [search, ...others] = match.guards.cover('a.test', '/').searches
  assert.equal(others.length, 0)
  assert.equal(search?.candidates('auth-500').length, 1)
  assert.equal(search?.candidates('nobody').length, 0)
  assert.equal(verdictOn(plan, { headers: bearer(issuer.token({ iss: 'auth-999' })) }), 'auth-999')
})
