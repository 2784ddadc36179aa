import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { offeredProtocol } from './upgrade-offer.ts'

function offered(rawHeaders: string[], more: object = {}): string | undefined {
  return offeredProtocol({ method: 'GET', httpVersion: '1.1', rawHeaders, ...more } as IncomingMessage)
}

test('one protocol, by GET, without a body, may be offered', () => {
  assert.equal(offered(['Upgrade', 'websocket']), 'websocket')
  assert.equal(offered(['UPGRADE', 'echo/1.0']), 'echo/1.0')
  assert.equal(offered(['Upgrade', 'websocket', 'Content-Length', '0']), 'websocket')
})

test('several protocols, none, or no token are no offer', () => {
  assert.equal(offered([]), undefined)
  assert.equal(offered(['Upgrade', 'a', 'Upgrade', 'b']), undefined)
  for (const value of ['', 'a, b', 'a b', 'a/', '/1', 'a/b/c', 'a\r\nX: y', 'x'.repeat(65), 'é']) {
    assert.equal(offered(['Upgrade', value]), undefined, value)
  }
})

test('HTTP under another name is no offer', () => {
  for (const value of ['h2c', 'H2C', 'h2', 'HTTP/2.0', 'h2c-14', 'TLS/1.3', 'https', 'h3']) {
    assert.equal(offered(['Upgrade', value]), undefined, value)
  }
})

test('bodies, other methods and HTTP/1.0 are no offer', () => {
  assert.equal(offered(['Upgrade', 'a', 'Content-Length', '5']), undefined)
  assert.equal(offered(['Upgrade', 'a', 'Transfer-Encoding', 'chunked']), undefined)
  assert.equal(offered(['Upgrade', 'a'], { method: 'POST' }), undefined)
  assert.equal(offered(['Upgrade', 'a'], { httpVersion: '1.0' }), undefined)
})
