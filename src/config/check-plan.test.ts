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
const unsaid = '5 error: nobody needs a token for `/a/*`'

describe('a route that nobody needs a token for', () => {
  it('is an error, unless the file says that it is meant', async () => {
    assert.deepEqual(await check([open]), [unused, unsaid])
    assert.deepEqual(await check([`${open}, auth: none`]), [unused])
    assert.deepEqual(await check([`${open}, auth: { use: main, mode: optional }`]), [])
    assert.deepEqual(await check([guarded]), [])
  })

  it('is none that a rule covers somewhere', async () => {
    const rule = (rest: string): string => `name: r, authentication: main, ${rest}`
    const openByDefault =
      '7 warning: a blacklist is open by default: every path that it does not list needs no token'
    assert.deepEqual(await check([open], [rule('mode: all')]), [])
    assert.deepEqual(await check([open], [rule('mode: whitelist, conditions: [{ path: /a/b }]')]), [])
    assert.deepEqual(await check([open], [rule('mode: whitelist, conditions: [{ path: "/a*" }]')]), [unsaid])
    assert.deepEqual(
      await check([open], [rule('mode: whitelist, conditions: [{ host: a.example, path: /* }]')]),
      [],
    )
    assert.deepEqual(await check([open], [rule('mode: blacklist, conditions: [{ path: /a/b }]')]), [
      openByDefault,
    ])
    assert.deepEqual(await check([open], [rule('mode: blacklist, conditions: [{ path: /b/* }]')]), [
      unsaid,
      openByDefault,
    ])
    assert.deepEqual(await check([open], [rule('mode: optional')]), [unsaid])
    assert.deepEqual(await check([open], [rule('enabled: false')]), [unused, unsaid])
  })

  it('may have a whitelist that lists everything', async () => {
    const warned = '5 warning: nobody needs a token for `/a/*`'
    assert.deepEqual(await check([`${open}, auth: { use: main, mode: whitelist, paths: /* }`]), [warned])
  })
})

describe('an open route around a protected one', () => {
  const around = async (openRoute: string, closedRoute: string, rules: readonly string[] = []) =>
    (await check([`backend: app, ${openRoute}`, `backend: app, ${closedRoute}`], rules)).filter((problem) =>
      problem.includes('leads to the same backend'),
    )
  const admin = 'path: /admin/*, auth: main'

  it('is warned of, with other spellings of the path', async () => {
    assert.deepEqual(await around('path: /*, auth: none', admin), [
      '5 warning: `/admin/*` needs a token, and `/*` leads to the same backend without one: what the backend reads as the same path (`/Admin`, `/admin;x`) is open',
    ])
    assert.match(
      (await around('path: /a/*, auth: { use: main, mode: optional }', 'path: /a/B/9x, auth: main')).join(),
      /\(`\/a\/B\/9X`, `\/a\/B\/9x;x`\)/,
    )
    assert.equal(
      (await around('path: /*, auth: none, hosts: "*.example"', `${admin}, hosts: a.example`)).length,
      1,
    )
    assert.equal(
      (await around('path: /*, auth: none, methods: [GET, POST]', `${admin}, methods: POST`)).length,
      1,
    )
  })

  it('is said once, however many it leads around', async () => {
    const routes = [admin, 'path: /b/*, auth: main', 'path: /*, auth: none'].map(
      (route) => `backend: app, ${route}`,
    )
    const found = await check(routes)
    assert.equal(found.length, 1)
    assert.match(found.join(), /^7 warning: `\/admin\/\*` \(and 1 more\) needs a token/)
  })

  it('is none where it cannot be one', async () => {
    assert.deepEqual(await around('path: /b/*, auth: none', admin), [])
    assert.deepEqual(await around('path: /admin/*, auth: none, methods: GET', `${admin}, methods: POST`), [])
    assert.deepEqual(await around('path: /*, auth: none, methods: GET', `${admin}, methods: POST`), [])
    assert.deepEqual(await around('path: /*, auth: none, hosts: b.example', `${admin}, hosts: a.example`), [])
    assert.deepEqual(await around('path: /*, auth: main', admin), [])
    assert.deepEqual(await around('path: /*, auth: none', admin, ['name: r, authentication: main']), [])
  })
})

describe('a configuration', () => {
  it('says how many warnings stand beside it, and is none where a route is open by omission', async () => {
    const read = async (route: string) =>
      (await readTexts({ 'main.yaml': `${HEAD}routes: [{ ${route} }]\n` })).configuration
    assert.equal((await read(guarded))?.warnings, 0)
    assert.equal((await read(`${open}, auth: none`))?.warnings, 1)
    assert.equal(await read(open), undefined)
    assert.equal(await read(`${open}, auth: ~`), undefined)
    assert.equal(await read(`${open}, auth: ''`), undefined)
  })
})

describe('a whitelist that lists nothing', () => {
  const said = (problems: readonly string[]) =>
    problems.filter((problem) => problem.includes('lets nothing through')).length

  it('is warned of in a route and in a rule', async () => {
    assert.equal(said(await check([`${open}, auth: { use: main, mode: whitelist }`])), 1)
    assert.equal(said(await check([guarded], ['name: r, authentication: main, mode: whitelist'])), 1)
    assert.equal(
      said(await check([guarded], ['name: r, authentication: main, mode: whitelist, conditions: []'])),
      1,
    )
    assert.equal(said(await check([`${open}, auth: { use: main, mode: whitelist, paths: /a/b }`])), 0)
    assert.equal(said(await check([guarded], ['name: r, authentication: main, mode: all'])), 0)
  })
})

describe('proxies that are trusted', () => {
  it('are warned of where they are everybody', async () => {
    for (const [block, count] of [
      ['0.0.0.0/0', 1],
      ['::/0', 1],
      ['10.0.0.0/8', 0],
    ] as const) {
      const text = `${HEAD}routes: [{ ${guarded} }]\ntrustedProxies: ["${block}"]\n`
      const { problems } = await readTexts({ 'main.yaml': text })
      assert.equal(problems.length, count, block)
      assert.ok(problems.every(({ message, line }) => line === 5 && message.includes(block)) || count === 0)
    }
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

  it('are those of one path, too, where they spell it in two ways', async () => {
    const spelled = await check([
      'name: first, path: /$a, backend: app, auth: main',
      'name: second, path: /%24a, backend: app, auth: none',
    ])
    assert.match(spelled.join(), /^6 error: `\/%24a` is taken by the route `first` \(main.yaml:5\) already/)
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
