import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json } from '../../test/support/key-answer.ts'
import { failureOf, fetched } from '../../test/support/key-fetch.ts'
import { startKeyServer } from '../../test/support/key-server.ts'
import { startRawServer } from '../../test/support/raw-http.ts'

describe('a key document', { timeout: 60_000 }, () => {
  it('comes with how long it is fresh, where its server says so', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json({ keys: [] }, { 'Cache-Control': 'max-age=60', Age: '10' }))
    server.serve('/silent', json({ keys: [] }))
    assert.deepEqual(await fetched({ url: `${server.url}/keys` }), { text: '{"keys":[]}', freshMs: 50_000 })
    assert.equal((await fetched({ url: `${server.url}/silent` })).freshMs, undefined)
  })

  it('that says until when it is fresh and not what time it is, is fresh from when it came', async () => {
    const untilMs = Math.ceil(Date.now() / 1000) * 1000 + 100_000
    await using raw = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      const expires = new Date(untilMs).toUTCString()
      client.write(
        `HTTP/1.1 200 OK\r\nExpires: ${expires}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      )
    })
    const sinceMs = Date.now()
    const { freshMs = 0 } = await fetched({ url: `${raw.url}/keys` })
    assert.ok(freshMs <= untilMs - sinceMs && freshMs >= untilMs - Date.now(), String(freshMs))
  })

  it('that a server cannot give now comes with when it wants to be asked again', async () => {
    await using server = await startKeyServer()
    const at = `${server.url}/keys`
    for (const status of [429, 503]) {
      server.serve('/keys', { status, headers: { 'Retry-After': '120' } })
      assert.deepEqual(await failureOf({ url: at }), {
        message: `\`${server.url}/keys\` answers with status ${status}, and wants to be asked again in 120 s`,
        retryAfterMs: 120_000,
      })
    }
    const headers = { Date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'Retry-After': 'Thu, 01 Jan 2026 00:00:30 GMT' }
    server.serve('/keys', { status: 503, headers })
    assert.equal((await failureOf({ url: at })).retryAfterMs, 30_000)
    for (const [status, said] of [
      [500, '120'],
      [404, '120'],
      [503, 'soon'],
    ] as const) {
      server.serve('/keys', { status, headers: { 'Retry-After': said } })
      assert.equal((await failureOf({ url: at })).retryAfterMs, undefined)
    }
  })
})
