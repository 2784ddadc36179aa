import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestGateway } from '../support/gateway.ts'
import { rawAnswer, rawRequest } from '../support/raw-answer.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createIssuer } from '../support/tokens.ts'

/**
 * GHSA-6jwx-7vp4-9847 (Traefik): a path rewrite looked at one form of the path and the rule at another, so that an
 * escape led past either. Here both look at the canonical path, compare it alike, and what comes out is a plain path.
 */
test('a rewritten path is rewritten in every spelling of it, and never climbs', async () => {
  const issuer = await createIssuer('ES256')
  const backend = await startRecordingBackend()
  const domain = {
    domainName: 'api.example.com',
    authConfig: {
      authType: 'jwt',
      authInfo: JSON.stringify({
        jwks: issuer.jwks,
        tokenLookup: 'header:Authorization:Bearer ',
        whitelist: ['/pub/$data/*'],
      }),
    },
    routeConfig: {
      routes: [
        {
          path: '/*',
          functionName: 'f',
          rewriteConfig: { wildcardRules: [{ match: '/pub/$data/*', replacement: '/internal/public/$1' }] },
        },
      ],
    },
  }
  const gateway = await startTestGateway(JSON.stringify(domain), {
    name: 'domain.json',
    backends: [backend.url],
  })
  const reach = async (target: string): Promise<string> => {
    const before = backend.requests.length
    const answer = await rawAnswer(gateway.url, rawRequest({ target, host: 'api.example.com' }))
    return backend.requests.length === before ? String(answer.status) : backend.last().url
  }
  for (const [target, reached] of [
    ['/pub/$data/a', '/internal/public/a'],
    ['/pub/%24data/a', '/internal/public/a'],
    ['/p%75b/%24data//a', '/internal/public/a'],
    ['/pub/x/../$data/a?b=/../c', '/internal/public/a?b=/../c'],
    ['/pub/$data/', '/internal/public/'],
    ['/pub/$data/../../internal/admin', '401'],
    ['/pub/$data/..', '401'],
    ['/pub/$data/%2e%2e/x', '401'],
    ['/pub/$data..', '401'],
    ['/pub/$data/..%2fx', '400'],
    ['/pub/$data/..;/x', '400'],
    ['/pub/$data', '401'],
  ] as const) {
    assert.equal(await reach(target), reached, target)
  }
  await gateway.close()
  await backend.close()
})
