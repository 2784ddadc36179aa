import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { briefly, readTexts } from '../../../test/support/dialects.ts'
import { makeCertificate, whyNoOpenssl } from '../../../test/support/openssl.ts'
import type { KeySourceSpec } from '../../keys/index.ts'

/** What is said about one source; its settings stand on the lines from 5 on, one each. */
async function read(
  settings: readonly string[],
  files: Readonly<Record<string, string>> = {},
  issuer = 'https://idp.example',
): Promise<{
  readonly spec: KeySourceSpec | undefined
  readonly problems: readonly string[]
  readonly hints: readonly unknown[]
}> {
  const text = `version: 1
backends: { app: { url: http://127.0.0.1:9000 } }
authentications: { main: { issuer: '${issuer}', keys: {
  #
  ${settings.join(',\n  ')}
  } } }
routes: [{ path: /*, backend: app, auth: main }]
`
  const { configuration, problems } = await readTexts({ 'main.yaml': text, ...files })
  return {
    spec: configuration?.plan.authentications[0]?.keySources[0],
    problems: briefly(problems),
    hints: problems.map(({ hint }) => hint),
  }
}

const URL_LINE = 'url: https://idp.example/jwks.json'

describe('the bounds of a source', () => {
  it('are turned round in no way: by both settings, or by one and what the other is by itself', async () => {
    const message = 'error: `minRefresh` is more than `maxRefresh`'
    const cases: readonly (readonly [settings: readonly string[], line: number, hint: string])[] = [
      [['maxRefresh: 1m', 'minRefresh: 2m'], 7, 'turn them round'],
      [['maxRefresh: 59s'], 6, '`minRefresh` is `1m` where it is not written'],
      [['minRefresh: 25h'], 6, '`maxRefresh` is `24h` where it is not written'],
    ]
    for (const [settings, line, hint] of cases) {
      const { problems, hints } = await read([URL_LINE, ...settings])
      assert.deepEqual([problems, hints], [[`${line} ${message}`], [hint]])
    }
    assert.deepEqual((await read([URL_LINE, 'minRefresh: 1m', 'maxRefresh: 1m'])).problems, [])
  })

  it('say nothing of `refresh`', async () => {
    const { spec, problems } = await read([URL_LINE, 'refresh: 10s', 'maxRefresh: 1h'])
    assert.deepEqual(problems, [])
    assert.deepEqual([spec?.refreshMs, spec?.minRefreshMs, spec?.maxRefreshMs], [10_000, 60_000, 3_600_000])
  })

  it('keep a second between two fetches, whoever wants them', async () => {
    const why = {
      refresh: 'with less, the server would be asked all the time; is `m` meant, for minutes',
      minRefresh: 'with less, a server that forbids caching would be asked all the time',
      cooldown: 'with less, tokens of strangers could have the server asked all the time',
    }
    for (const [setting, reason] of Object.entries(why)) {
      assert.deepEqual((await read([URL_LINE, `${setting}: 1s`])).problems, [])
      for (const less of ['999ms', '1ms']) {
        const { problems, hints } = await read([URL_LINE, `${setting}: ${less}`])
        assert.deepEqual(problems, [`6 error: \`${setting}\` is \`1s\` at the least`])
        assert.deepEqual(hints, [`${reason}; write \`1s\` or more`])
      }
    }
  })
})

describe('settings of TLS', () => {
  it('are told of where the URL has none, also on this machine', async () => {
    const plain = await read(['url: http://127.0.0.1/jwks.json', 'serverName: idp.example'])
    assert.deepEqual(plain.problems, ['6 warning: `serverName` is for TLS, and the URL is `http://`'])
    assert.deepEqual((await read([URL_LINE, 'serverName: idp.example'])).problems, [])
  })
})

describe('hosts of redirects', () => {
  it('are names as a URL has them, without anything that would never match', async () => {
    const { spec } = await read([URL_LINE, 'redirectsTo: [Keys.Example.com, bücher.example, 192.0.2.7]'])
    assert.deepEqual(spec?.redirectHosts, ['keys.example.com', 'xn--bcher-kva.example', '192.0.2.7'])
    for (const host of [
      'https://a.example',
      'a.example/',
      'a.example:8443',
      'u@a.example',
      '*.example',
      'a b',
      '',
    ]) {
      const { spec: none, problems } = await read([URL_LINE, `redirectsTo: '${host}'`])
      assert.deepEqual([none, problems.length], [undefined, 1], host)
    }
  })
})

describe('the place of metadata', () => {
  it('is below the issuer, or where it is written', async () => {
    const cases: readonly (readonly [issuer: string, discovery: string, url: string])[] = [
      ['https://idp.example', 'true', 'https://idp.example/.well-known/openid-configuration'],
      ['https://idp.example/', 'true', 'https://idp.example/.well-known/openid-configuration'],
      ['https://idp.example/a/b', 'true', 'https://idp.example/a/b/.well-known/openid-configuration'],
      ['somebody', 'https://idp.example/t', 'https://idp.example/t/.well-known/openid-configuration'],
      [
        'https://idp.example/a',
        'https://idp.example/.well-known/oauth-authorization-server/a',
        'https://idp.example/.well-known/oauth-authorization-server/a',
      ],
      [
        'https://idp.example',
        'https://idp.example/.well-known/x?y=1',
        'https://idp.example/.well-known/x?y=1',
      ],
    ]
    for (const [issuer, discovery, url] of cases) {
      const { spec, problems } = await read([`discovery: ${discovery}`], {}, issuer)
      assert.deepEqual([spec?.url, spec?.issuer, problems], [url, issuer, []])
    }
  })

  it('cannot be found from an issuer that is no URL', async () => {
    for (const issuer of ['somebody', 'urn:idp', 'ftp://idp.example']) {
      const { problems } = await read(['discovery: true'], {}, issuer)
      assert.deepEqual(problems, [`5 error: the issuer \`${issuer}\` is no URL to find metadata at`])
    }
  })
})

describe('keys without TLS', () => {
  it('are warned of, unless they are on this machine', async () => {
    const warning = 'warning: the keys are fetched without TLS: whoever is between can let anybody in'
    for (const url of [
      'http://idp.example/',
      'http://10.0.0.1/',
      'http://localhost.example/',
      'http://127.0.0.1.example/',
    ])
      assert.deepEqual((await read([`url: ${url}`])).problems, [`5 ${warning}`], url)
    assert.deepEqual((await read(['discovery: true'], {}, 'http://idp.example')).problems, [`5 ${warning}`])
    for (const url of ['http://localhost/', 'http://127.0.0.1:8080/', "'http://[::1]/'", 'http://127.1/'])
      assert.deepEqual((await read([`url: ${url}`])).problems, [], url)
  })
})

describe('certificates', { skip: whyNoOpenssl() }, () => {
  const { certPem, keyPem } =
    whyNoOpenssl() === undefined ? makeCertificate('gateway') : { certPem: '', keyPem: '' }
  const settings = [
    URL_LINE,
    'ca: ca.pem',
    'serverName: idp.internal',
    'clientCertificate: { cert: c.pem, key: k.pem }',
  ]
  const good = { 'ca.pem': certPem, 'c.pem': certPem, 'k.pem': keyPem }

  it('are read from their files, with the name to ask for', async () => {
    const { spec, problems } = await read(settings, good)
    assert.deepEqual(problems, [])
    assert.deepEqual(spec?.tls, {
      ca: certPem,
      certificate: { cert: certPem, key: keyPem },
      serverName: 'idp.internal',
      verifies: true,
    })
    assert.equal((await read([URL_LINE])).spec?.tls, undefined)
    // Checked against the system's own authorities still.
    assert.deepEqual((await read([URL_LINE, 'serverName: a'])).spec?.tls, {
      ca: undefined,
      certificate: undefined,
      serverName: 'a',
      verifies: true,
    })
  })

  it('are told of where they are missing or are something else, and nothing of them is printed', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const another = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const locked = privateKey
      .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' })
      .toString()
    const noCertificate = '8 error: `c.pem` holds no certificate in PEM'
    const noKey = '8 error: `k.pem` holds no private key in PEM, or one with a password'
    const broken = `${certPem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`
    const refused =
      '8 error: TLS does not take the certificate in `c.pem`: its key is too short, or its chain is broken'
    const cases: readonly (readonly [files: object, problems: readonly string[]])[] = [
      [{ 'ca.pem': keyPem }, ['6 error: `ca.pem` holds no certificate in PEM']],
      [{ 'ca.pem': undefined }, ['6 error: `ca.pem` cannot be read: there is no such file']],
      [{ 'c.pem': 'x' }, [noCertificate]],
      [{ 'c.pem': undefined }, ['8 error: `c.pem` cannot be read: there is no such file']],
      [{ 'k.pem': certPem }, [noKey]],
      [{ 'k.pem': locked }, [noKey]],
      [{ 'k.pem': undefined }, ['8 error: `k.pem` cannot be read: there is no such file']],
      [
        { 'k.pem': another },
        ['8 error: the private key in `k.pem` is not that of the certificate in `c.pem`'],
      ],
      [{ 'c.pem': 'x', 'k.pem': 'x' }, [noCertificate, noKey]],
      [{ 'c.pem': broken }, [refused]],
      [weakCertificate(), [refused]],
    ]
    for (const [files, expected] of cases) {
      const there = Object.entries({ ...good, ...files }).filter(([, text]) => text !== undefined)
      const { spec, problems } = await read(settings, Object.fromEntries(there))
      assert.deepEqual([spec, problems], [undefined, expected])
    }
  })
})

/** One that TLS of today refuses to show. */
function weakCertificate(): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-weak-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const options = ['-x509', '-newkey', 'rsa:1024', '-nodes', '-days', '2', '-subj', '/CN=weak']
  try {
    execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { 'c.pem': readFileSync(cert, 'utf8'), 'k.pem': readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
