import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { binary, run, type Run } from './built-cli.ts'
import { createFolder } from './folder.ts'

const GOOD = `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { orders: { url: http://127.0.0.1:9000 } }
authentications:
  customers: { issuer: https://issuer.example, audiences: [orders], keys: { jwksFile: jwks.json } }
routes:
  - { path: /orders/*, methods: [GET], backend: orders, auth: { use: customers, mode: whitelist, paths: [/orders/open] } }
  - { path: /public/*, backend: orders, auth: none }
rules:
  - { name: partners, authentication: customers, mode: blacklist, conditions: [{ host: api.example.com }] }
`

const BAD = `version: 1
backends:
  orders: { url: ftp://127.0.0.1 }
routes:
  - { path: /orders/*, backend: order, auth: customers }
`

binary()
const folder = await createFolder(GOOD)
folder.write('bad.yaml', BAD)
folder.write('variable.yaml', GOOD.replace('http://127.0.0.1:9000', '"${BACKEND}"'))

const claimgate = (args: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<Run> =>
  run(args, { cwd: folder.path, ...options })

describe('help', () => {
  it('names every command, with examples', async () => {
    const { code, stdout } = await claimgate(['--help'])
    assert.equal(code, 0)
    for (const command of ['serve', 'check', 'explain', 'schema', 'demo'])
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
    assert.match(stdout, /^ {2}claimgate explain claimgate\.yaml/m)
  })

  it('of each command says what it does, takes and ends with, on lines that fit a terminal', async () => {
    const ends: Readonly<Record<string, RegExp>> = {
      serve: /^Exit: 0 stopped, 1 /m,
      check: /^Exit: 0 no errors, 1 errors/m,
      explain: /^Exit: 0 forwarded, 1 refused, 2 /m,
      schema: /JSON Schema/,
      demo: /--port <port>/,
    }
    for (const [command, end] of Object.entries(ends)) {
      const { code, stdout } = await claimgate([command, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Usage: claimgate ${command} `))
      assert.match(stdout, end)
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 120 || /\(default: (?:\[\]|false| )/.test(line)),
        [],
      )
    }
  })

  it('is what one gets without a command, with 2', async () => {
    const { code, stderr } = await claimgate([])
    assert.equal(code, 2)
    assert.match(stderr, /^Usage: claimgate/)
  })

  it('has the version of the package', async () => {
    const { code, stdout } = await claimgate(['--version'])
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })
})

describe('a command that is used wrongly ends with 2', () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['sreve'], /unknown command 'sreve'\n\(Did you mean serve\?\)/],
    [['check'], /missing required argument 'file'/],
    [['check', 'a', 'b'], /too many arguments/],
    [['check', '--plann', 'a'], /unknown option '--plann'/],
    [['demo', '--port', 'x'], /a port is a number from 0 to 65535/],
  ]
  for (const [args, message] of cases)
    it(`claimgate ${args.join(' ')}`, async () => {
      const { code, stderr, stdout } = await claimgate(args)
      assert.equal(code, 2)
      assert.match(stderr, message)
      assert.match(stderr, /see --help/)
      assert.equal(stdout, '')
    })
})

describe('claimgate check', () => {
  it('says that a configuration has no errors, how many warnings, and which requests need a token', async () => {
    const { code, stdout, stderr } = await claimgate(['check', 'claimgate.yaml'])
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      /^no errors, 1 warning: claimgate\.yaml \(1 listener, 2 routes, 1 authentication, 1 global rule, 1 backend\)/,
    )
    assert.match(stdout, /^ {2}HOST +PATH +METHODS +BACKEND +TOKEN$/m)
    assert.match(stdout, /^ {2}\* +\/orders\/\* +GET +orders +customers, but none for \/orders\/open$/m)
    assert.match(stdout, /^ {2}\* +\/public\/\* +all +orders +by the rules below$/m)
    assert.match(stdout, /^ {2}partners: customers, only for api\.example\.com\/\*$/m)
    assert.match(stderr, /claimgate\.yaml:10: warning: a blacklist is open by default/)
  })

  it('warns of a folder for keys that others can write, where keys are fetched', async () => {
    const fetched = GOOD.replace('jwksFile: jwks.json', 'url: https://idp.example/keys')
    folder.write('fetched.yaml', `${fetched}keyCache: ./kept\n`)
    folder.write('inline.yaml', `${GOOD}keyCache: ./kept\n`)
    const kept = join(folder.path, 'kept')
    const warnings = async (file: string, env = {}): Promise<string> => {
      const { code, stdout, stderr } = await claimgate(['check', file], { env })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^no errors, (?:1 warning|2 warnings): /)
      return stderr.replace(/^[^\n]+:\d+: warning:.*\n(?: {2}hint:.*\n)?/gm, '')
    }
    // It is made when it is needed, and nobody else can write it then.
    assert.equal(await warnings('fetched.yaml'), '')
    mkdirSync(kept)
    for (const mode of [0o770, 0o702, 0o777]) {
      chmodSync(kept, mode)
      assert.equal(
        await warnings('fetched.yaml'),
        `warning: others than its owner can write \`${kept}\`, so no keys are kept there: the next start needs the key server\n` +
          `hint: \`chmod 700 ${kept}\`, or name another folder as \`keyCache\`\n`,
      )
      assert.equal(await warnings('inline.yaml'), '')
    }
    chmodSync(kept, 0o755)
    assert.equal(await warnings('fetched.yaml'), '')
    // Where the user's caches are, without a word in the configuration.
    folder.write('default.yaml', fetched)
    mkdirSync(join(folder.path, 'claimgate/keys'), { recursive: true })
    chmodSync(join(folder.path, 'claimgate/keys'), 0o777)
    assert.match(
      await warnings('default.yaml', { XDG_CACHE_HOME: folder.path }),
      /^warning: .*claimgate\/keys/,
    )
  })

  it('reports every mistake at once, each with its line and a hint, and ends with 1', async () => {
    const { code, stdout, stderr } = await claimgate(['check', 'bad.yaml'])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^bad\.yaml:3: error: .*`ftp:\/\/127\.0\.0\.1` is not a URL of a backend; write one such as /m,
    )
    assert.match(stderr, /^bad\.yaml:5: error: .*`order`.*\n {2}hint: is `orders` meant\?/m)
    assert.match(stderr, /^bad\.yaml:5: error: .*`customers`/m)
    assert.match(stderr, /^error: 3 errors in bad\.yaml$/m)
  })

  it('says that a file is not there', async () => {
    const { code, stderr } = await claimgate(['check', 'missing.yaml'])
    assert.equal(code, 1)
    assert.match(stderr, /^missing\.yaml:1: error: `missing\.yaml` cannot be read: there is no such file$/m)
  })

  it('prints the plan as JSON without secrets', async () => {
    const secret = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64url')
    folder.write(
      'secret.yaml',
      GOOD.replace(
        '{ jwksFile: jwks.json }',
        `{ jwks: { keys: [{ kty: oct, kid: s, alg: HS256, k: ${secret} }] } }`,
      ),
    )
    const { code, stdout } = await claimgate(['check', 'secret.yaml', '--plan'])
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).authentications[0].keys[0].jwk.kid, 's')
    assert.equal(stdout.includes(secret), false)
  })

  it('reads variables of the environment', async () => {
    const unset = await claimgate(['check', 'variable.yaml'])
    assert.equal(unset.code, 1)
    assert.match(unset.stderr, /the environment variable `BACKEND` is not set/)
    const set = await claimgate(['check', 'variable.yaml'], { env: { BACKEND: 'http://127.0.0.1:9000' } })
    assert.equal(set.code, 0, set.stderr)
  })
})

describe('claimgate schema', () => {
  it('prints a JSON Schema with a description of each setting', async () => {
    const { code, stdout } = await claimgate(['schema'])
    assert.equal(code, 0)
    const schema = JSON.parse(stdout)
    assert.match(schema.$schema, /draft-07/)
    assert.equal(typeof schema.properties.routes.description, 'string')
  })

  it('ends quietly when its reader hangs up', () => {
    const script = `"${process.execPath}" "${binary()}" schema | head -c 1`
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    assert.equal(stdout, '{')
    assert.equal(stderr, '')
  })
})

describe('an old Node', () => {
  it('ends with one clear line and 2', (context) => {
    const old = oldNode()
    if (old === undefined) return context.skip('this machine has no Node older than 22.19 in /usr/bin')
    const { status, stdout, stderr } = spawnSync(old, [binary(), 'check', 'x'], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^error: claimgate needs Node 22\.19 or later; this is Node \d+\.\d+\.\d+\n$/)
  })
})

function oldNode(): string | undefined {
  try {
    const version = execFileSync('/usr/bin/node', ['--version'], { encoding: 'utf8' })
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
    return major < 22 || (major === 22 && minor < 19) ? '/usr/bin/node' : undefined
  } catch {
    return undefined
  }
}
