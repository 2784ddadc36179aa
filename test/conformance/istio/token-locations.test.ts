import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestRequest } from '../../support/decision.ts'
import {
  answerTo,
  authentication,
  ISSUER,
  meshIssuer,
  meshPlan,
  meshToken,
  policy,
} from '../../support/mesh.ts'

const GOOD = meshToken()
const BAD_FORMAT = '401 Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'
/** Lets in who has a principal; everybody else is denied by policy. */
const ONLY_PRINCIPALS = policy('ALLOW', "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]")
const NOBODY = '403 RBAC: access denied'

function table(
  title: string,
  fields: string,
  cases: readonly (readonly [what: string, request: TestRequest, answer: string])[],
): void {
  describe(`${title}: ${fields === '' ? 'none named' : fields}`, () => {
    for (const [what, request, answer] of cases) {
      it(what, async () => {
        const plan = await meshPlan([authentication(fields), ONLY_PRINCIPALS])
        assert.equal(answerTo(plan, request), answer)
      })
    }
  })
}

const header = (...headers: readonly string[]): TestRequest => ({ headers })

table('the places where tokens are looked for if none is named', '', [
  ['Authorization with Bearer', header('Authorization', `Bearer ${GOOD}`), '200'],
  ['the query parameter access_token', { target: `/?access_token=${GOOD}` }, '200'],
  ['another header is not looked at', header('X-Token', GOOD), NOBODY],
  ['another parameter is not looked at', { target: `/?token=${GOOD}` }, NOBODY],
  ['the prefix has a case: this is no token', header('Authorization', `bearer ${GOOD}`), NOBODY],
  ['another scheme is no token', header('Authorization', 'Basic YTpi'), NOBODY],
  ['`Bearer` alone is no token', header('Authorization', 'Bearer'), NOBODY],
  ['more spaces are skipped', header('Authorization', `Bearer   ${GOOD}`), '200'],
  ['nothing of a token after the prefix is a bad token', header('Authorization', 'Bearer !!!'), BAD_FORMAT],
  ['an empty parameter is a bad token', { target: '/?access_token=' }, BAD_FORMAT],
  ['parameters are decoded', { target: `/?access%5ftoken=${GOOD.replace('.', '%2E')}` }, '200'],
  [
    'both places, both good',
    { target: `/?access_token=${GOOD}`, headers: ['Authorization', `Bearer ${GOOD}`] },
    '200',
  ],
  [
    'both places, one bad',
    { target: '/?access_token=a.b', headers: ['Authorization', `Bearer ${GOOD}`] },
    BAD_FORMAT,
  ],
  [
    'two lines, one bad',
    header('Authorization', `Bearer ${GOOD}`, 'Authorization', 'Bearer a.b'),
    BAD_FORMAT,
  ],
  [
    'two lines, one of another scheme',
    header('Authorization', 'Basic YTpi', 'Authorization', `Bearer ${GOOD}`),
    '200',
  ],
])

table('a place that is named takes the place of both', 'fromHeaders: [{ name: X-Token }]', [
  ['the header, whole', header('x-token', GOOD), '200'],
  ['a value that is no token', header('x-token', 'hello'), BAD_FORMAT],
  ['Authorization is not looked at any more', header('Authorization', `Bearer ${GOOD}`), NOBODY],
  ['nor is access_token', { target: `/?access_token=${GOOD}` }, NOBODY],
])

table('a prefix of its own', "fromHeaders: [{ name: X-Token, prefix: 'JWT ' }]", [
  ['with it', header('x-token', `JWT ${GOOD}`), '200'],
  ['without it there is no token', header('x-token', GOOD), NOBODY],
])

table('parameters', 'fromParams: [jwt]', [
  ['the parameter', { target: `/?a=b&jwt=${GOOD}` }, '200'],
  ['twice the same', { target: `/?jwt=${GOOD}&jwt=${GOOD}` }, '200'],
  ['a plus is no space', { target: `/?jwt=+${GOOD}` }, '401 Jwt header is an invalid Base64url encoded'],
])

table('cookies', 'fromCookies: [session]', [
  ['the cookie', header('Cookie', `a=b; session=${GOOD}`), '200'],
  ['in quotes', header('Cookie', `session="${GOOD}"`), '200'],
  ['in the second field', header('Cookie', 'a=b', 'Cookie', `session=${GOOD}`), '200'],
  ['without it', header('Cookie', `other=${GOOD}`), NOBODY],
])

describe('a header in which something is handed on', () => {
  const atBackend = (document: string): string =>
    document.replace('namespace: istio-system', 'namespace: foo').replace(/ {2}selector: .*\n/, '')
  const native = (more: string): string => `
version: 1
backends: { b: { url: http://127.0.0.1:9000, namespace: foo } }
import: [{ mesh: mesh.yaml }]
${more}`
  const OPEN = 'routes: [{ path: /*, backend: b, auth: none }]'

  it('is no place for the tokens of a rule: none would ever be found', async () => {
    for (const fields of [
      'outputPayloadToHeader: authorization',
      'fromHeaders: [{ name: X-Token }]\noutputClaimToHeaders: [{ header: x_token, claim: sub }]',
    ])
      await assert.rejects(
        meshPlan([authentication(fields)]),
        /:8: error: .* hands something on in it as well/,
      )
  })

  it('nor for those of another rule there, or of one that comes before', async () => {
    const reading = authentication('fromHeaders: [{ name: X-Token }]', 'a')
    const saying = authentication(
      'fromHeaders: [{ name: X-Other }]\noutputPayloadToHeader: X-Token',
      'b',
      `${ISSUER}/b`,
    )
    await assert.rejects(meshPlan([reading, saying]), /`istio-system\/b\[0\]` .* hands something on in it/)
    await assert.rejects(meshPlan([reading, atBackend(saying)], { native: native(OPEN) }), /`foo\/b\[0\]`/)
    // The gateway sets it, perhaps to a token.
    await meshPlan([atBackend(reading), saying], { native: native(OPEN) })
  })

  it('nor where a claim goes after the rules', async () => {
    const claims = native(`
authentications:
  a: { keys: { jwks: ${JSON.stringify({ keys: [meshIssuer.signer.jwk] })} }, forward: [{ claim: sub, header: X-Token }] }
routes: [{ path: /*, backend: b, auth: a }]`)
    const reading = authentication('fromHeaders: [{ name: X-Token }]')
    await assert.rejects(
      meshPlan([reading], { native: claims }),
      /`a` \(claimgate\.yaml:\d+\) hands something/,
    )
  })

  it('is one where an external authorizer may replace the token, also at the backend', async () => {
    const asking = atBackend(policy('CUSTOM', '[{}]', 'ask')).replace(
      'action: CUSTOM',
      'action: CUSTOM\n  provider: { name: auth }',
    )
    const providers =
      'mesh: { extensionProviders: { auth: { url: http://127.0.0.1:1, forwardHeaders: [x-token] } } }'
    const plan = await meshPlan(
      [authentication('fromHeaders: [{ name: X-Token }]'), ONLY_PRINCIPALS, asking],
      {
        native: native(`${OPEN}\n${providers}`),
      },
    )
    assert.equal(answerTo(plan, { headers: ['X-Token', GOOD] }), '200')
  })
})
