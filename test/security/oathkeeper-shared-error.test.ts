import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS } from '../../src/authn/index.ts'
import { CATALOG } from '../../src/errors/catalog.ts'
import { startGuardedGateway } from '../support/guarded-gateway.ts'
import { createIssuer } from '../support/tokens.ts'

/**
 * Ory Oathkeeper before v26.2.5: an error object that all requests shared was written to, and what was wrong with one
 * client's token was told to another. A refusal is a value of its own request here; what is shared is never written to.
 */
test('refusals of many clients at once are each their own', async () => {
  const shared = structuredClone({ CATALOG, REASONS })
  const second = await createIssuer('ES256', 'second')
  await using guarded = await startGuardedGateway({
    main: 'issuer: one, audiences: [api], tokenFrom: [{ header: Authorization, prefix: Bearer }, { query: jwt }]',
    authentications: `  second: { issuer: two, tokenFrom: [{ cookie: jwt }], keys: { jwks: ${JSON.stringify(second.jwks)} } }`,
    rest: `
routes:
  - { path: /one/*, backend: backend, auth: main }
  - { path: /two/*, backend: backend, auth: second }`,
  })
  const { issuer, gateway } = guarded
  const claims = { iss: 'one', aud: 'api' }
  const kinds: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['token-missing', 'main', '/one/', []],
    ['token-missing', 'second', '/two/', []],
    ['expired', 'main', '/one/', [`Authorization: Bearer ${await issuer.token({ ...claims, exp: 1 })}`]],
    [
      'audience-mismatch',
      'main',
      '/one/',
      [`Authorization: Bearer ${await issuer.token({ ...claims, aud: 'web' })}`],
    ],
    [
      'issuer-unknown',
      'main',
      '/one/',
      [`Authorization: Bearer ${await issuer.token({ ...claims, iss: 'x' })}`],
    ],
    ['kid-unknown', 'second', '/two/', [`Cookie: jwt=${await issuer.token({ iss: 'two' })}`]],
    [
      'claim-type',
      'second',
      '/two/',
      [`Cookie: jwt=${await second.token({ iss: 'two', nbf: 'x' as never })}`],
    ],
    ['not-three-parts', 'second', '/two/', ['Cookie: jwt=x']],
    ['prefix-mismatch', 'main', '/one/', ['Authorization: Basic x']],
  ]
  const answers = await Promise.all(
    Array.from({ length: 90 }, async (_, i) => {
      const [reason, by, path, fields] = kinds[i % kinds.length]!
      const answer = await guarded.send({ target: `${path}${i}`, fields })
      return {
        reason,
        by,
        id: answer.headers['x-request-id'],
        body: JSON.parse(answer.body) as { requestId: string; code: string },
      }
    }),
  )
  assert.equal(new Set(answers.map(({ id }) => id)).size, 90)
  for (const [i, { reason, by, id, body }] of answers.entries()) {
    const entry = gateway.entries.find((each) => each.requestId === id)
    assert.deepEqual(
      [entry?.reason, entry?.by, entry?.code, entry?.path.slice(5), body.requestId],
      [reason, by, body.code, String(i), id],
    )
  }
  assert.deepEqual(structuredClone({ CATALOG, REASONS }), shared)
})
