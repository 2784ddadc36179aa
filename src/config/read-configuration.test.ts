import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { briefly, ED_JWK, nodeOf, readTexts } from '../../test/support/dialects.ts'
import { detectDialect } from './detect-dialect.ts'
import { formatProblems } from './format-problems.ts'

const JWKS = JSON.stringify({ keys: [{ ...ED_JWK, kid: 'a' }] })
const APP = 'backends: { app: { url: http://127.0.0.1:9000 } }\n'
const main = (keys: string): string =>
  `version: 1\n${APP}authentications: { main: { keys: ${keys} } }\nroutes: [{ path: /*, backend: app, auth: main }]\n`
const trigger = (functionName: string): string =>
  JSON.stringify({ functionName, triggerName: 'http', triggerConfig: { authType: 'anonymous' } })

describe('the files of a configuration', () => {
  it('are named relative to the file that names them, and all of them are watched', async () => {
    const text = `${main('{ jwksFile: keys/a.json }')}import: [{ functionCompute: fc/s.json, backend: app }]\n`
    const { configuration, problems } = await readTexts({
      'main.yaml': text,
      'keys/a.json': JWKS,
      'fc/s.json': trigger('f').replace('anonymous', 'jwt').replace('}', ', "authConfig": "{}"}'),
    })
    assert.equal(configuration, undefined)
    assert.deepEqual([...new Set(problems.map(({ file }) => file))], ['fc/s.json'])
    const good = await readTexts({
      'main.yaml': main('{ jwksFile: ./keys/../keys/a.json }'),
      'keys/a.json': JWKS,
    })
    assert.deepEqual(
      good.configuration?.files,
      ['main.yaml', 'keys/a.json'].map((file) => resolve(file)),
    )
  })

  it('are told also where they have errors, the missing ones too', async () => {
    const paths = (...files: string[]) => files.map((file) => resolve(file))
    assert.deepEqual((await readTexts({})).files, paths('main.yaml'))
    assert.deepEqual((await readTexts({ 'main.yaml': 'a: [' })).files, paths('main.yaml'))
    const missing = await readTexts({ 'main.yaml': main('{ jwksFile: keys/a.json }') })
    assert.equal(missing.configuration, undefined)
    assert.deepEqual(missing.files, paths('main.yaml', 'keys/a.json'))
  })

  it('that cannot be read are errors where they are named', async () => {
    assert.deepEqual(briefly((await readTexts({})).problems), [
      '1 error: `main.yaml` cannot be read: there is no such file',
    ])
    assert.deepEqual(briefly((await readTexts({ 'main.yaml': main('{ jwksFile: a.json }') })).problems), [
      '3 error: `a.json` cannot be read: there is no such file',
    ])
  })

  it('have their own lines in problems, after those of the file itself', async () => {
    const text = main('[{ jwksFile: a.json }, { jwksFile: b.json }]').replace('/*', 'nowhere')
    const { problems } = await readTexts({
      'main.yaml': text,
      'a.json': '{\n  "keys": [\n    { "kty": "EC" }\n  ]\n}',
      'b.json': '{"keys": [',
    })
    assert.deepEqual(
      [...new Set(problems.map(({ file, line }) => `${file}:${line}`))],
      ['main.yaml:4', 'a.json:3', 'b.json:1'],
    )
  })
})

describe('a file of another dialect, served by itself', () => {
  it('gets its backends from the command line, for all functions or for one', async () => {
    const files = { 'main.yaml': `[${trigger('one')}, ${trigger('two')}]`.replace('/*', '') }
    const both = await readTexts(files, { backends: ['http://127.0.0.1:1', 'two=http://127.0.0.1:2/x'] })
    assert.equal(both.configuration, undefined, 'both triggers take every path')
    const { configuration } = await readTexts(
      { 'main.yaml': trigger('two') },
      { backends: ['http://127.0.0.1:1', 'two=http://127.0.0.1:2/x'] },
    )
    assert.deepEqual(
      configuration?.plan.routes.map(({ backend, path, hosts }) => [backend, path, hosts]),
      [['two', '/*', ['*']]],
    )
    assert.deepEqual(
      configuration?.plan.backends.map((each) => (each.kind === 'http' ? each.urls : [])),
      [['http://127.0.0.1:1'], ['http://127.0.0.1:2/x']],
    )
  })

  it('may have a module as its backend', async () => {
    const { configuration } = await readTexts(
      { 'main.yaml': trigger('f'), [resolve('hello.js')]: '' },
      { backends: ['./hello.js'] },
    )
    const [backend] = configuration?.plan.backends ?? []
    assert.equal(backend?.kind === 'function' && backend.module, resolve('hello.js'))
  })

  it('needs a backend, and says how to give one', async () => {
    const { problems } = await readTexts({ 'main.yaml': trigger('hello') })
    assert.match(
      formatProblems(problems),
      /main.yaml:1: error: there is no backend for the function `hello`\n {2}hint: give `--backend http:.*`, or `--backend hello=http:/,
    )
    const rules = JSON.stringify({ Name: 'a', Issuer: 'i', Sub: 's', Jwks: JWKS })
    assert.match(
      formatProblems((await readTexts({ 'main.yaml': rules })).problems),
      /there is no backend for the requests/,
    )
  })

  it('refuses a backend that is no URL, and two for the same functions', async () => {
    const files = { 'main.yaml': trigger('hello') }
    for (const backends of [
      ['ftp://h'],
      ['http://user:pw@h'],
      ['missing.js'],
      ['http://a', 'http://b'],
      ['hello=http://a', 'hello=http://b'],
    ]) {
      assert.equal((await readTexts(files, { backends })).configuration, undefined, backends.join())
    }
  })

  it('sends everything to the one backend where it holds rules alone', async () => {
    const rules = JSON.stringify({ Name: 'a', Issuer: 'i', Sub: 's', Jwks: JWKS })
    const { configuration } = await readTexts({ 'main.yaml': rules }, { backends: ['http://127.0.0.1:1'] })
    assert.deepEqual(
      configuration?.plan.guards.map(({ requirement }) => requirement),
      [{ mode: 'all' }],
    )
    assert.deepEqual(
      configuration?.plan.routes.map(({ path, hosts }) => [path, hosts]),
      [['/*', ['*']]],
    )
  })
})

describe('the address to listen on', () => {
  const listen = async (text: string, address?: string) => {
    const { configuration, problems } = await readTexts(
      { 'main.yaml': text, 'a.json': JWKS },
      address === undefined ? {} : { listen: address },
    )
    return {
      addresses: configuration?.server.listeners.map(({ host, port }) => `${host}:${port}`),
      problems: briefly(problems),
    }
  }

  it('is loopback unless somebody says otherwise', async () => {
    assert.deepEqual(await listen(main('{ jwksFile: a.json }')), {
      addresses: ['127.0.0.1:8080'],
      problems: [],
    })
  })

  it('comes from the command line where the file does not say', async () => {
    assert.deepEqual((await listen(main('{ jwksFile: a.json }'), ':9090')).addresses, [':9090'])
    const own = await listen(
      `${main('{ jwksFile: a.json }')}listeners: [{ address: 127.0.0.1:1 }]\n`,
      ':9090',
    )
    assert.deepEqual(own, { addresses: ['127.0.0.1:1'], problems: ['5 warning: `--listen` is not used'] })
    assert.match(
      (await listen(main('{ jwksFile: a.json }'), 'nowhere')).problems.join(),
      /error: `--listen`: `nowhere` is not an address/,
    )
  })

  it('is taken once', async () => {
    const twice = `${main('{ jwksFile: a.json }')}listeners: [{ address: 127.0.0.1:1 }, { address: ":1" }, { address: ":0" }, { address: ":0" }]\n`
    assert.deepEqual((await listen(twice)).problems, ['5 error: another listener takes the same address'])
  })
})

describe('a dialect', () => {
  it('is told by what is in the file', () => {
    const kinds = {
      'version: 1': 'native',
      'routes: []': 'native',
      '{ edition: 3.0.0, resources: {} }': 'function-compute',
      '{ triggerConfig: "{}" }': 'function-compute',
      '[{ triggerName: a, triggerConfig: {} }]': 'function-compute',
      '{ authType: jwt, authConfig: {} }': 'function-compute',
      '{ domain_name: a, auth_config: {} }': 'function-compute',
      '{ Name: a, Issuer: b, Jwks: "{}" }': 'gateway-auth',
      '[{ issuer: b, jwks: {} }]': 'gateway-auth',
    }
    for (const [text, kind] of Object.entries(kinds)) {
      const detected = detectDialect(nodeOf(text).node)
      assert.equal(detected.ok && detected.value, kind, text)
    }
    for (const text of ['hello: world', '[]', 'text', '[1]']) {
      assert.equal(detectDialect(nodeOf(text).node).ok, false, text)
    }
  })
})

describe('problems for a terminal', () => {
  it('have errors first, a line each, and their hints below', () => {
    const text = formatProblems([
      { severity: 'warning', file: 'a.yaml', line: 1, message: 'first' },
      { severity: 'error', file: 'a.yaml', line: 2, message: 'second', hint: 'third' },
    ])
    assert.equal(text, 'a.yaml:2: error: second\n  hint: third\na.yaml:1: warning: first\n')
    assert.equal(formatProblems([]), '')
  })

  it('cannot steer the terminal or add lines', () => {
    const text = formatProblems([
      { severity: 'error', file: 'a', line: 1, message: '\u001b[2J\r\nfine\u202e\u0085', hint: 'a\nb' },
    ])
    assert.equal(text, 'a:1: error: \ufffd[2J\ufffd\ufffdfine\ufffd\ufffd\n  hint: a\ufffdb\n')
  })

  it('say each thing once', async () => {
    const twice = `${main('{ jwksFile: a.json }')}import: [{ gatewayAuth: g.json }, { gatewayAuth: g.json }]\n`
    const { problems } = await readTexts({
      'main.yaml': twice,
      'a.json': JWKS,
      'g.json': '{ "Issuer": "i", "Sub": "s", "Jwks": "{}" }',
    })
    assert.equal(problems.filter(({ file, severity }) => file === 'g.json' && severity === 'error').length, 1)
  })
})
