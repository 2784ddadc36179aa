import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListenerSpec } from '../../config/index.ts'
import { adviseListener } from './listener-advice.ts'
import { readRequest } from './read-request.ts'

const PLAIN: ListenerSpec = { host: '', port: 8080, tls: undefined }
const TLS: ListenerSpec = { host: '', port: 8443, tls: { certificates: [], minVersion: 'TLSv1.2' } }
const ASKING: ListenerSpec = {
  host: '',
  port: 9443,
  tls: { certificates: [], minVersion: 'TLSv1.2', clients: { ca: '', required: false } },
}

function advice(url: string, listeners: readonly ListenerSpec[], principal?: string): readonly string[] {
  const options = { url, peer: '192.0.2.1' }
  const described = readRequest(
    principal === undefined ? options : { ...options, principal },
    '127.0.0.1:8080',
  )
  assert.ok(described.ok)
  return adviseListener(described.value, listeners)
}

test('a request to a port of this machine where the gateway does not listen, or speaks otherwise, goes past it', () => {
  assert.deepEqual(advice('/a', [PLAIN]), [])
  assert.match(
    advice('http://localhost:1/a', [PLAIN, TLS])[0] ?? '',
    /does not listen on port 1 .* 8080, 8443$/,
  )
  assert.match(advice('http://127.0.0.1:8443/a', [TLS])[0] ?? '', /^port 8443 speaks https/)
  assert.deepEqual(advice('http://a.example/a', [TLS]), [])
})

test('a client certificate is only shown where a listener asks for one', () => {
  const principal = 'td/ns/foo/sa/sleep'
  assert.match(advice('https://a.example/a', [PLAIN, TLS], principal)[0] ?? '', /`clientCa`/)
  assert.deepEqual(advice('https://a.example/a', [TLS, ASKING], principal), [])
  assert.deepEqual(advice('https://127.0.0.1:9443/a', [TLS, ASKING], principal), [])
  assert.match(
    advice('https://127.0.0.1:8443/a', [TLS, ASKING], principal)[0] ?? '',
    /no client certificates on port 8443; it does on 9443$/,
  )
})
