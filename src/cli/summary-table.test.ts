import assert from 'node:assert/strict'
import { it } from 'node:test'
import { configurationOf } from '../../test/support/gateway.ts'
import { createIssuer } from '../../test/support/tokens.ts'
import { summaryTable } from './summary-table.ts'

const { jwks } = await createIssuer('ES256')

async function table(routes: string): Promise<string[]> {
  const text = `version: 1
backends: { all: { url: http://127.0.0.1:9000 } }
authentications:
  a: { keys: { jwksFile: jwks.json } }
  b: { keys: { jwksFile: jwks.json } }
${routes}`
  const { plan } = await configurationOf(text, { files: { 'jwks.json': JSON.stringify(jwks) } })
  return summaryTable(plan).trimEnd().split('\n')
}

it('says of each route what it needs, whatever its mode', async () => {
  const lines = await table(`
routes:
  - { path: /all, backend: all, auth: a }
  - { path: /either, backend: all, auth: [a, b] }
  - { path: /white/*, hosts: api.example.com, backend: all, auth: { use: a, mode: whitelist, paths: [/white/x, /white/y/*] } }
  - { path: /black/*, methods: [GET, POST], backend: all, auth: { use: a, mode: blacklist, paths: [/black/x] } }
  - { path: /optional, backend: all, auth: { use: a, mode: optional } }
  - { path: /open, backend: all, auth: none }
`)
  assert.deepEqual(
    lines.map((line) => line.trim().split(/ {2,}/)),
    [
      ['HOST', 'PATH', 'METHODS', 'BACKEND', 'TOKEN'],
      ['*', '/all', 'all', 'all', 'a'],
      ['*', '/either', 'all', 'all', 'a; or b'],
      ['api.example.com', '/white/*', 'all', 'all', 'a, but none for /white/x, /white/y/*'],
      ['*', '/black/*', 'GET,POST', 'all', 'a, only for /black/x'],
      ['*', '/optional', 'all', 'all', 'a, if there is one'],
      ['*', '/open', 'all', 'all', 'none'],
    ],
  )
})

it('names of a list what concerns the route, and says "none" where it is all open', async () => {
  const lines = await table(`
routes:
  - { path: /a/*, backend: all, auth: { use: a, mode: blacklist, paths: [/a/x, /b/*] } }
  - { path: /b/y, backend: all, auth: { use: a, mode: blacklist, paths: [/a/x, /b/*] } }
  - { path: /c/*, backend: all, auth: { use: a, mode: blacklist, paths: [/a/x, /b/*] } }
  - { path: /d/*, backend: all, auth: { use: a, mode: whitelist, paths: [/d/*] } }
`)
  assert.deepEqual(
    lines.slice(1).map((line) => line.trim().split(/ {2,}/).at(-1)),
    ['a, only for /a/x', 'a', 'none', 'none'],
  )
})

it('has an end, however many routes and conditions there are', async () => {
  const paths = Array.from({ length: 100 }, (_, index) => `/p/${index}`)
  const routes = paths.map((path) => `  - { path: ${path}, backend: all, auth: a }`).join('\n')
  const rule = `rules: [{ name: r, authentication: a, mode: whitelist, conditions: [${paths.map((path) => `{ path: ${path} }`).join(', ')}] }]`
  const lines = await table(`routes:\n${routes}\n${rule}`)
  assert.equal(lines.length, 1 + 60 + 1 + 3)
  assert.ok(lines.includes('  and 40 more: --plan prints them'))
  assert.equal(lines.at(-1), '  r: a, but none for /p/0, /p/1, /p/2, /p/3, /p/4, /p/5 and 94 more')
})
