import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configurationOf } from '../../../test/support/gateway.ts'
import { shareOf } from './share.ts'

const configuration = await configurationOf(`
version: 1
backends:
  one: { url: http://127.0.0.1:9000, maxConnections: 7 }
  hello: { function: ${new URL('../../../test/integration/functions/plain.js', import.meta.url).pathname} }
routes: [{ path: /a, backend: one, auth: none }, { path: /b, backend: hello, auth: none }]
limits: { maxConnections: 101 }
`)

function shares(workers: number): { readonly clients: number[]; readonly backend: number[] } {
  const parts = Array.from({ length: workers }, (_, i) => shareOf(configuration, { worker: i + 1, workers }))
  return {
    clients: parts.map(({ server }) => server.limits.maxConnections),
    backend: parts.map(({ plan }) => {
      const [one] = plan.backends
      return one?.kind === 'http' ? one.maxConnections : 0
    }),
  }
}

test('connections are divided so that the parts are the whole', () => {
  assert.deepEqual(shares(2), { clients: [51, 50], backend: [4, 3] })
  assert.deepEqual(shares(3), { clients: [34, 34, 33], backend: [3, 2, 2] })
  assert.deepEqual(shares(1), { clients: [101], backend: [7] })
})

test('a worker has one of each at the least', () => {
  assert.deepEqual(shares(8).backend, [1, 1, 1, 1, 1, 1, 1, 1])
})

test('nothing else is changed', () => {
  const part = shareOf(configuration, { worker: 1, workers: 4 })
  const back = shareOf(part, { worker: 1, workers: 1 })
  assert.deepEqual({ ...back.plan, backends: [] }, { ...configuration.plan, backends: [] })
  assert.deepEqual(back.plan.backends[1], configuration.plan.backends[1])
  const { limits: _, ...rest } = part.server
  const { limits: __, ...original } = configuration.server
  assert.deepEqual(rest, original)
})
