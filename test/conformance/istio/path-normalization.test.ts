import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardedOf } from '../../support/decision.ts'
import { answerTo, authentication, meshPlan } from '../../support/mesh.ts'

const NATIVE = (mode: string): string => `
version: 1
backends: { b: { url: http://127.0.0.1:9000 } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]
mesh: { pathNormalization: ${mode} }`

/** Each mode, and what becomes of paths; 400 where one is refused. */
const MODES: Readonly<Record<string, readonly (readonly [raw: string, path: string])[]>> = {
  NONE: [
    ['/a/../b', '/a/../b'],
    ['/a//b', '/a//b'],
    ['/%61', '/%61'],
  ],
  BASE: [
    ['/a/../b', '/b'],
    ['/a/./b', '/a/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/%61%2d', '/a-'],
    ['/%2e%2e/a', '400'],
    ['/a/%2e%2e/b', '/b'],
    ['/a%2fb', '/a%2fb'],
    ['/a%2Fb%5cc', '/a%2Fb%5cc'],
    ['/a//b', '/a//b'],
    ['/A', '/A'],
    ['/a%252e', '/a%252e'],
    ['/a%00', '400'],
    ['/a%zz', '400'],
    ['/a?b=/../c', '/a?b=/../c'],
  ],
  MERGE_SLASHES: [
    ['/a//b///c', '/a/b/c'],
    ['/a%2fb', '/a%2fb'],
    ['/a?b=//', '/a?b=//'],
  ],
  DECODE_AND_MERGE_SLASHES: [
    ['/a%2fb', '/a/b'],
    ['/a%2F%5Cb', '/a/b'],
    ['/a%2f..%2fb', '/b'],
    ['/a%252fb', '/a%252fb'],
  ],
}

for (const [mode, cases] of Object.entries(MODES)) {
  test(`pathNormalization ${mode}`, async () => {
    const plan = await meshPlan([authentication()], { native: NATIVE(mode) })
    for (const [raw, path] of cases) {
      if (path === '400') assert.match(answerTo(plan, { target: raw }), /^400 /, raw)
      else assert.equal(forwardedOf(plan, { target: raw }).target, path, raw)
    }
  })
}

test('resources that are served by themselves have BASE', async () => {
  const plan = await meshPlan([authentication()])
  assert.equal(forwardedOf(plan, { target: '/a/../b%2fc' }).target, '/b%2fc')
})

test('a native configuration that says nothing keeps its stricter rules', async () => {
  const plan = await meshPlan([authentication()], { native: NATIVE('BASE').replace(/^mesh: .*$/m, '') })
  assert.match(answerTo(plan, { target: '/a%2fb' }), /^400 /)
})
