import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { formatProblems, readConfiguration } from '../../src/config/index.ts'

/**
 * Terraform's own documentation of custom domains pastes a whole private key into `auth_info`, and so do people. Wherever
 * it stands, it must be refused, and nothing that is printed may hold a piece of it.
 */
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const secret = randomBytes(48).toString('base64url')
const rsaJwk = { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'leaked', alg: 'RS256', use: 'sig' }
const ecJwk = { ...ec.privateKey.export({ format: 'jwk' }), kid: 'leaked-too' }
const rsaPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const ecPem = ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString()
const jwks = { keys: [rsaJwk, ecJwk] }

/** Every private value there is, in the forms in which it could be printed. */
const PRIVATE = [
  ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map((member) => String(rsaJwk[member as keyof typeof rsaJwk])),
  String(ecJwk.d),
  secret,
  ...[rsaPem, ecPem].flatMap((pem) =>
    pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----')),
  ),
]

/** Sixteen characters in a row are far beyond chance. */
const PIECES = new Set(
  PRIVATE.flatMap((text) =>
    Array.from({ length: Math.max(1, text.length - 15) }, (_, at) => text.slice(at, at + 16)),
  ),
)

function assertSilent(printed: string): void {
  for (let at = 0; at + 16 <= printed.length; at++) {
    assert.ok(!PIECES.has(printed.slice(at, at + 16)), 'a piece of a private key was printed')
  }
}

async function read(text: string, files: Readonly<Record<string, string>> = {}) {
  const reading = await readConfiguration(
    { file: 'main.yaml', backends: text.includes('version: 1') ? [] : ['http://127.0.0.1:9000'] },
    {
      readFile: (path) => {
        const found = path === 'main.yaml' ? text : files[path]
        return found === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(found)
      },
      environment: { JWKS: JSON.stringify(jwks), PEM: rsaPem },
    },
  )
  const { configuration, problems } = reading
  assertSilent(
    formatProblems(problems) + JSON.stringify(problems) + JSON.stringify(configuration?.plan ?? null),
  )
  return reading
}

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
const native = (keys: string): string => `version: 1
backends: { app: { url: http://127.0.0.1:9000 } }
authentications:
  main:
    keys: ${keys}
routes:
  - { path: /*, backend: app, auth: main }
`
const trigger = (authConfig: unknown): string =>
  JSON.stringify({ triggerConfig: { authType: 'jwt', authConfig } })

const authInfo = { jwks, tokenLookup: 'header:auth', claimPassBy: 'header:name:name' }

/** What people do, and what goes wrong on top of it. */
const CONFIGURATIONS: Readonly<Record<string, string>> = {
  'a key set in a native configuration': native(`{ jwks: ${JSON.stringify(jwks)} }`),
  'its JSON text': native(`{ jwks: '${JSON.stringify(jwks)}' }`),
  'its text in a block': native(`\n      jwks: |\n${indented(JSON.stringify(jwks, null, 2), 8)}`),
  'its text with line breaks inside of the values': native(
    `\n      jwks: |\n${indented(JSON.stringify(jwks, null, 2).replaceAll(/([\w-]{60})(?=[\w-])/g, '$1\n'), 8)}`,
  ),
  'a key set with line breaks inside of the values': native(
    `{ jwks: ${JSON.stringify(jwks, null, 2)
      .replaceAll(/([\w-]{60})(?=[\w-])/g, '$1\n        ')
      .replaceAll('\n', '\n        ')} }`,
  ),
  'a key set from a variable': native("{ jwks: '${JWKS}' }"),
  'a bare key instead of a set': native(`{ jwks: ${JSON.stringify(rsaJwk)} }`),
  'a key in the place of its settings': native(JSON.stringify(rsaJwk)),
  'a key set in the place of its file': native(`{ jwksFile: '${JSON.stringify(jwks)}' }`),
  'PEM in the place of its file': native(`{ pemFile: ${JSON.stringify(rsaPem)} }`),
  'PEM in the place of a key set': native(`{ jwks: ${JSON.stringify(rsaPem)} }`),
  'a key set in the place of PEM': native(`{ pem: '${JSON.stringify(jwks)}' }`),
  'PEM in a block': native(`\n      pem: |\n${indented(rsaPem, 8)}`),
  'PEM of an elliptic curve': native(`{ pem: ${JSON.stringify(ecPem)} }`),
  'PEM from a variable': native("{ pem: '${PEM}' }"),
  'PEM from a variable in the place of its file': native("{ pemFile: '${PEM}' }"),
  'PEM without quotes, which is no YAML': native(`\n      pem: ${rsaPem}`),
  'PEM that loses its indentation': native(`\n      pem: |\n        ${rsaPem}`),
  'a key set that is cut off': native(`{ jwks: ${JSON.stringify(jwks).slice(0, -3)}`),
  'the text of a key set that is cut off': native(`{ jwks: '${JSON.stringify(jwks).slice(0, -3)}' }`),
  'a private value under a name that is not known': native(
    `{ jwks: { keys: [] }, private: ${JSON.stringify(rsaPem)} }`,
  ),
  'a trigger of Function Compute': trigger(authInfo),
  'a trigger with text in text': trigger(JSON.stringify({ ...authInfo, jwks: JSON.stringify(jwks) })),
  'a custom domain': JSON.stringify({
    domainName: 'a.example',
    authConfig: { authType: 'jwt', authInfo: JSON.stringify(authInfo) },
  }),
  "Terraform's example": JSON.stringify({
    resource: {
      alicloud_fcv3_custom_domain: {
        default: {
          domain_name: 'a.example',
          auth_config: [{ auth_type: 'jwt', auth_info: JSON.stringify(authInfo) }],
        },
      },
    },
  }),
  'a gateway authentication rule': JSON.stringify({
    Name: 'jwt',
    Issuer: 'https://issuer.example',
    Jwks: JSON.stringify(jwks),
  }),
}

describe('a private key in a configuration is refused and never printed', () => {
  for (const [title, text] of Object.entries(CONFIGURATIONS)) {
    it(title, async () => {
      const { configuration, problems } = await read(text)
      assert.equal(configuration, undefined)
      assert.ok(problems.some(({ severity }) => severity === 'error'))
    })
  }

  for (const [title, file] of Object.entries({
    'a key set': JSON.stringify(jwks),
    PEM: rsaPem,
    'half of one': rsaPem.slice(0, 300),
  })) {
    it(`${title} in a file`, async () => {
      for (const kind of ['jwksFile', 'pemFile']) {
        const { configuration } = await read(native(`{ ${kind}: keys.txt }`), { 'keys.txt': file })
        assert.equal(configuration, undefined)
      }
    })
  }

  it('the search of these tests finds what it is for', () => {
    for (const text of [rsaPem, JSON.stringify(rsaJwk), `x${secret}`]) assert.throws(() => assertSilent(text))
  })

  it('the message names key and members, and says what to do', async () => {
    const { problems } = await read(native(`{ jwks: ${JSON.stringify(jwks)} }`))
    const [first] = problems
    assert.match(first?.message ?? '', /kid "leaked".*`d`, `p`, `q`, `dp`, `dq`, `qi`/)
    assert.match(first?.hint ?? '', /keep the public members only; replace the key pair/)
  })
})

describe('what is secret for a reason is not printed either', () => {
  it('the secret of HS256', async () => {
    const oct = { kty: 'oct', kid: 'shared', k: secret }
    const { configuration } = await read(native(`{ jwks: { keys: [${JSON.stringify(oct)}] } }`))
    assert.ok(configuration !== undefined)
    for (const broken of [
      { ...oct, k: `${secret}=` },
      { ...oct, k: `${secret.slice(0, 20)} ${secret.slice(20)}` },
      { ...oct, alg: 'RS256' },
      { ...oct, use: secret },
    ]) {
      assert.equal(
        (await read(native(`{ jwks: { keys: [${JSON.stringify(broken)}] } }`))).configuration,
        undefined,
      )
    }
  })

  it('the private key of a listener', async () => {
    const listener = (key: string): string =>
      `${native('{ jwksFile: public.json }')}listeners: [{ address: 127.0.0.1:0, tls: { certificates: [{ cert: cert.pem, key: ${key} }] } }]\n`
    const files = {
      'cert.pem': rsaPem,
      'key.pem': rsaPem,
      'half.pem': rsaPem.slice(0, 400),
      'public.json': '{"keys":[]}',
    }
    assert.ok(createPrivateKey(rsaPem))
    for (const key of ['key.pem', 'half.pem', 'cert.pem', 'missing.pem', JSON.stringify(rsaPem)]) {
      assert.equal((await read(listener(key), files)).configuration, undefined)
    }
  })

  it('the password in the URL of a backend', async () => {
    const text = `version: 1\nbackends: { app: { url: "https://user:${secret}@backend.example" } }\n`
    assert.equal((await read(text)).configuration, undefined)
  })
})
