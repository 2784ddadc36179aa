import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, ED_JWK, readTexts } from '../../test/support/dialects.ts'

const HEAD = `version: 1
backends: { app: { url: http://127.0.0.1:9000 } }
authentications: { main: { keys: { jwks: { keys: [${JSON.stringify(ED_JWK)}] } } } }
`

/** What is said of these routes and rules, whose lines start at 5. */
async function check(routes: readonly string[], rules: readonly string[] = []): Promise<readonly string[]> {
  const list = (name: string, items: readonly string[]): string =>
    `${name}:\n${items.map((item) => `  - { ${item} }\n`).join('')}`
  const { problems } = await readTexts({
    'main.yaml': HEAD + list('routes', routes) + (rules.length === 0 ? '' : list('rules', rules)),
  })
  return briefly(problems)
}

const open = 'path: /a/*, backend: app'
const guarded = `${open}, auth: main`
const unused = '3 warning: the authentication `main` is not used'

describe('a route that nobody needs a token for', () => {
  it('is warned of, unless the file says that it is meant', async () => {
    assert.deepEqual(await check([open]), [unused, '5 warning: nobody needs a token for `/a/*`'])
    assert.deepEqual(await check([`${open}, auth: none`]), [unused])
    assert.deepEqual(await check([`${open}, auth: { use: main, mode: optional }`]), [])
    assert.deepEqual(await check([guarded]), [])
  })

  it('is none that a rule covers somewhere', async () => {
    const rule = (rest: string): string => `name: r, authentication: main, ${rest}`
    const warned = '5 warning: nobody needs a token for `/a/*`'
    const openByDefault =
      '7 warning: a blacklist is open by default: every path that it does not list needs no token'
    assert.deepEqual(await check([open], [rule('mode: all')]), [])
    assert.deepEqual(await check([open], [rule('mode: whitelist, conditions: [{ path: /a/b }]')]), [])
    assert.deepEqual(await check([open], [rule('mode: whitelist, conditions: [{ path: "/a*" }]')]), [warned])
    assert.deepEqual(
      await check([open], [rule('mode: whitelist, conditions: [{ host: a.example, path: /* }]')]),
      [],
    )
    assert.deepEqual(await check([open], [rule('mode: blacklist, conditions: [{ path: /a/b }]')]), [
      openByDefault,
    ])
    assert.deepEqual(await check([open], [rule('mode: blacklist, conditions: [{ path: /b/* }]')]), [
      warned,
      openByDefault,
    ])
    assert.deepEqual(await check([open], [rule('mode: optional')]), [warned])
    assert.deepEqual(await check([open], [rule('enabled: false')]), [unused, warned])
  })

  it('may have a whitelist that lists everything', async () => {
    const warned = '5 warning: nobody needs a token for `/a/*`'
    assert.deepEqual(await check([`${open}, auth: { use: main, mode: whitelist, paths: /* }`]), [warned])
  })
})

describe('two routes of one host and path', () => {
  const taken = async (first: string, second: string) =>
    (
      await check([
        `name: first, path: /a, backend: app, auth: main, ${first}`,
        `name: second, path: /a, backend: app, auth: main, ${second}`,
      ])
    ).join()

  it('are an error where they take the same methods', async () => {
    assert.match(
      await taken('hosts: a.example', 'hosts: [b.example, A.example]'),
      /^6 error: `a.example\/a` is taken by the route `first` \(main.yaml:5\) already$/,
    )
    assert.match(await taken('methods: [GET, POST]', 'methods: [post, get, get]'), /^6 error/)
    assert.equal(await taken('hosts: a.example', 'hosts: "*.example"'), '')
  })

  it('are a warning where the later one loses something', async () => {
    assert.match(await taken('hosts: "*"', 'methods: GET'), /^6 warning: the route is never reached/)
    assert.match(
      await taken('methods: [GET, POST]', 'methods: POST'),
      /^6 warning: the route is never reached/,
    )
    assert.match(
      await taken('methods: [GET, POST]', 'methods: [POST, PUT]'),
      /^6 warning: the earlier route `first` .* takes some methods/,
    )
  })

  it('are fine where the later one is for the rest', async () => {
    assert.equal(await taken('methods: [GET]', 'hosts: "*"'), '')
    assert.equal(await taken('methods: [GET]', 'methods: POST'), '')
  })
})

describe('a plan', () => {
  it('has one route and one rule of each name', async () => {
    const found = await check(
      ['name: x, path: /a, backend: app, auth: main', 'name: x, path: /b, backend: app, auth: main'],
      ['name: r, authentication: main', 'name: r, authentication: main'],
    )
    assert.deepEqual(found, ['6 error: another route is named `x`', '9 error: another rule is named `r`'])
  })

  it('without routes is warned of', async () => {
    const { configuration, problems } = await readTexts({ 'main.yaml': 'version: 1\n' })
    assert.deepEqual(briefly(problems), [
      '1 warning: there are no routes: every request is answered with 404',
    ])
    assert.deepEqual(configuration?.plan.routes, [])
  })

  it('of thousands of routes, conditions and authentications is checked in seconds', async () => {
    const many = (count: number, item: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => item(index)).join('')
    const text = `version: 1
backends: { app: { url: http://127.0.0.1:9000 } }
authentications:
${many(1000, (index) => `  a${index}: { keys: { jwks: { keys: [${JSON.stringify(ED_JWK)}] } } }\n`)}
routes:
${many(3000, (index) => `  - { path: /r${index}/*, backend: app, auth: a${index % 1000} }\n`)}
rules:
  - name: r
    authentication: a1
    mode: whitelist
    conditions:
${many(10_000, (index) => `      - { host: h${index}.example, path: /p${index} }\n`)}`
    const start = performance.now()
    const { configuration, problems } = await readTexts({ 'main.yaml': text })
    assert.deepEqual(problems, [])
    assert.equal(configuration?.plan.routes.length, 3000)
    assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`)
  })
})
