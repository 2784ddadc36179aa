import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createIssuer } from '../support/tokens.ts'
import { run, type Run } from './built-cli.ts'
import { createFolder } from './folder.ts'

const folder = await createFolder(`version: 1
listeners: [{ address: 127.0.0.1:8080 }]
backends: { orders: { url: http://127.0.0.1:9000 } }
authentications:
  customers:
    issuer: https://issuer.example
    audiences: [orders]
    keys: { jwksFile: jwks.json }
    forward: [{ claim: sub, header: X-User }]
  forms:
    keys: { jwksFile: jwks.json }
    tokenFrom: { form: token }
routes:
  - { name: orders, path: /orders/*, backend: orders, auth: { use: customers, mode: whitelist, paths: [/orders/open] } }
  - { name: forms, path: /forms, methods: [POST], backend: orders, auth: forms }
  - { name: api, hosts: api.example.com, path: /v1, backend: orders, auth: none }
`)
folder.write('broken.yaml', 'version: 2\n')

const { issuer } = folder
const CLAIMS = { iss: 'https://issuer.example', aud: 'orders' }
const token = (claims: object = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  issuer.token({ ...CLAIMS, ...claims }, header)

const explain = (args: readonly string[], input?: string): Promise<Run> =>
  run(['explain', 'claimgate.yaml', ...args], {
    cwd: folder.path,
    ...(input === undefined ? {} : { input }),
  })

async function refused(args: readonly string[], ...patterns: RegExp[]): Promise<void> {
  const { code, stdout, stderr } = await explain(args)
  assert.equal(code, 1, stdout + stderr)
  for (const pattern of patterns) assert.match(stdout, pattern)
}

const ORDERS = 'http://127.0.0.1:8080/orders/1'

describe('claimgate explain, for a request that would be let in', () => {
  it('ends with 0 and shows each step, the token, and what the backend gets', async () => {
    const { code, stdout } = await explain([ORDERS, '-t', await token(), '-H', 'x_user: mallory'])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^GET 127\.0\.0\.1:8080\/orders\/1$/m)
    assert.match(stdout, /^ {2}route +✓ route `orders` takes GET \/orders\/1 {2}\(claimgate\.yaml:14\)$/m)
    assert.match(stdout, /^ {2}key +✓ kid "key-1" is the key/m)
    assert.match(stdout, /^forwarded to `orders` \(http:\/\/127\.0\.0\.1:9000\)$/m)
    assert.match(stdout, /^ {4}exp +\d{4}-\d\d-\d\dT[\d:]+Z, \d+ min from now$/m)
    assert.match(stdout, /^ {4}\+ X-User: user-1$/m)
    assert.match(stdout, /^ {4}- x_user: mallory$/m)
    assert.match(stdout, /^ {4}- Authorization: Bearer eyJ.*…$/m)
  })

  it('says that a path on the whitelist needs no token', async () => {
    const { code, stdout } = await explain(['/orders/open'])
    assert.equal(code, 0)
    assert.match(
      stdout,
      /`orders` \(whitelist\) needs no token: condition `\*\/orders\/open` lists the request/,
    )
  })

  it('reads a token in a form', async () => {
    const { code, stdout } = await explain(['/forms', '-d', `a=1&token=${await issuer.token()}`])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /a token stands in form field `token`/)
    assert.match(stdout, /\(a form of 3 bytes\)/)
  })

  it('reads a curl command that is pasted, or comes in', async () => {
    const command = `curl '${ORDERS}' \\\n  -H 'Authorization: Bearer ${await token()}' \\\n  --compressed`
    assert.equal((await explain(['--curl', command])).code, 0)
    assert.equal((await explain(['--curl', '-'], command)).code, 0)
    assert.equal((await explain([ORDERS, '--token', '-'], `${await token()}\n`)).code, 0)
  })
})

describe('claimgate explain, for a request that would be refused', () => {
  it('without a token says how to send one', async () => {
    await refused(
      [ORDERS],
      /^refused: 401 GW_TOKEN_MISSING$/m,
      /hint: send the token as the header `Authorization/,
    )
  })

  it('with an expired one says how long ago it did, and the skew', async () => {
    const exp = Math.floor(Date.now() / 1000) - 600
    await refused(
      [ORDERS, '-t', await token({ exp })],
      /^refused: 401 GW_TOKEN_EXPIRED$/m,
      /✗ the time in `exp` is past.*is 10 min ago, and the skew allowed is 60 s/,
      /hint: `--at \d{4}-/,
    )
  })

  it('with another kid lists the keys', async () => {
    await refused(
      [ORDERS, '-t', await token({}, { kid: 'key-2' })],
      /`"key-2"`, the keys are kid "key-1" \(ES256\)/,
    )
  })

  it('with another issuer or audience shows both sides', async () => {
    await refused(
      [ORDERS, '-t', await token({ iss: 'https://issuer.example/' })],
      /the token says `"https:\/\/issuer\.example\/"`, configured is `\["https:\/\/issuer\.example"\]`/,
      /hint: only the `\/` at the end differs/,
    )
    await refused(
      [ORDERS, '-t', await token({ aud: 'books' })],
      /the token says `"books"`, configured is `\["orders"\]`/,
    )
  })

  it('with a forged signature says so, and that anybody could have written the token', async () => {
    const stranger = await createIssuer('ES256', 'key-1')
    await refused(
      [ORDERS, '-t', await stranger.token(CLAIMS)],
      /signature +✗ the signature is not by this key/,
      /^ {2}the token says \(which anybody can write\):$/m,
    )
  })

  it('with another prefix says which one is meant', async () => {
    await refused(
      [ORDERS, '-H', `Authorization: bearer ${await token()}`],
      /hint: .*another case: write `Bearer`/,
    )
  })

  it('with several tokens, an unknown host or path, another method or a doubtful path says so', async () => {
    const two = [
      '-H',
      `Authorization: Bearer ${await token()}`,
      '-H',
      `Authorization: Bearer ${await token({ jti: 'b' })}`,
    ]
    await refused([ORDERS, ...two], /two different tokens stand in one location/)
    await refused(['http://api.example.com/orders/1'], /^refused: 404 GW_ROUTE_NOT_FOUND$/m, /hint: .*`\/v1`/)
    await refused(
      ['/forms'],
      /^refused: 405 GW_ROUTE_METHOD$/m,
      /^ {4}Allow: POST$/m,
      /hint: add `GET` to the `methods`/,
    )
    await refused(['/orders/a%2fb'], /^refused: 400 GW_REQUEST_PATH$/m, /encodedSlashes: keep/)
  })

  it('decides as at another time with --at', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600
    const good = await token({ exp })
    await refused(
      [ORDERS, '-t', good, '--at', new Date((exp + 120) * 1000).toISOString()],
      /is 120 s|is 2 min/,
    )
    await refused([ORDERS, '-t', good, '--at', '2020-01-01T00:00:00Z'], /hint: the token is accepted from/)
  })

  it('says that nobody listens on the port that is asked', async () => {
    await refused(['http://127.0.0.1:8081/orders/1'], /hint: the gateway does not listen on port 8081/)
    await refused(
      ['https://127.0.0.1:8080/orders/1'],
      /hint: port 8080 speaks http, and the address has the other/,
    )
  })

  it('lets nothing that a client wrote steer the terminal', async () => {
    const claims = { iss: '\u001b]0;owned\u0007\u009b31m\u202e' }
    const { stdout } = await explain([ORDERS, '-t', await token(claims), '-H', 'X: \u009b31m'])
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('claimgate explain --json', () => {
  it('prints the decision with its steps and hints, for a refusal and for a forward', async () => {
    const refusal = await explain([ORDERS, '--json'])
    assert.equal(refusal.code, 1)
    const told = JSON.parse(refusal.stdout)
    assert.equal(told.outcome, 'refuse')
    assert.equal(told.reason, 'token-missing')
    assert.equal(told.response.status, 401)
    assert.deepEqual(
      told.steps.map((step: { stage: string }) => step.stage),
      ['route', 'requirement', 'token'],
    )
    assert.equal(told.hints.length, 1)
    const forward = await explain(['/forms', '-d', `a=1&token=${await issuer.token()}`, '--json'])
    assert.equal(forward.code, 0)
    const { upstream } = JSON.parse(forward.stdout)
    assert.equal(upstream.target, '/forms')
    assert.equal(Buffer.from(upstream.body, 'base64').toString(), 'a=1')
  })
})

describe('claimgate explain ends with 2 where nothing can be said', () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /^error: the request is missing\nhint: .*--curl/m],
    [['ftp://a/b'], /^error: the address is not one of http or https$/m],
    [['?a'], /names no host/],
    [[ORDERS, '--at', 'yesterday'], /^error: `yesterday` is not a time\nhint: write it in UTC/m],
    [[ORDERS, '-H', 'nonsense'], /^error: a header is written `name: value`$/m],
    [['--curl', 'wget http://a'], /^error: the command does not begin with `curl`$/m],
    [['--curl', 'curl http://a', ORDERS], /^error: `--curl` holds the whole request$/m],
    [
      ['--curl', `curl ${ORDERS} -H "Authorization: Bearer $TOKEN"`],
      /^error: the value of `\$TOKEN` is not known here$/m,
    ],
  ]
  for (const [args, message] of cases)
    it(args.join(' ') || 'no request', async () => {
      const { code, stdout, stderr } = await explain(args)
      assert.equal(code, 2, stdout)
      assert.match(stderr, message)
      assert.equal(stdout, '')
    })

  it('a configuration with errors', async () => {
    const { code, stderr } = await run(['explain', 'broken.yaml', ORDERS], { cwd: folder.path })
    assert.equal(code, 2)
    assert.match(stderr, /^broken\.yaml:1: error: /m)
  })
})
