import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { rawAnswer, rawRequest, type RawRequest } from '../support/raw-answer.ts'
import { RawClient, startRawServer, type RawServer } from '../support/raw-http.ts'
import {
  headerOf,
  startRecordingBackend,
  type RecordedRequest,
  type RecordingBackend,
} from '../support/recording-backend.ts'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'

/**
 * A client that tries to speak with the gateway's voice, byte by byte over real sockets, on every kind of route: what
 * the backend could take for `nametofunction` is the gateway's claim or nothing.
 */

const OPEN_ROUTES = ['none', 'whitelisted', 'unlisted', 'optional'] as const
const ROUTES = ['all', ...OPEN_ROUTES] as const
type RouteName = (typeof ROUTES)[number]

const configuration = (engine: string, url: string, jwks: unknown): string => `
version: 1
engine: ${engine}
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${url} } }
authentications:
  main:
    keys: { jwks: ${JSON.stringify(jwks)} }
    tokenFrom: [{ header: Authentication, prefix: Bearer }]
    forward:
      - { claim: name, header: nametofunction }
      - { claim: name, query: nametofunction }
      - { claim: name, form: nametofunction }
      - { claim: name, cookie: nametofunction }
  other: { keys: { jwks: ${JSON.stringify(jwks)} } }
# The targets of a global rule are reserved on every route, also where another authentication or none lets in.
rules: [{ name: global, authentication: main, mode: blacklist, conditions: [{ path: /nobody-asks-for-this }] }]
routes:
  - { name: all, path: /all/*, backend: backend, auth: main }
  - { name: whitelisted, path: /whitelisted/*, backend: backend, auth: { use: main, mode: whitelist, paths: [/whitelisted/*] } }
  - { name: unlisted, path: /unlisted/*, backend: backend, auth: { use: main, mode: blacklist, paths: [/unlisted/x] } }
  - { name: optional, path: /optional/*, backend: backend, auth: { use: main, mode: optional } }
  - { name: none, path: /none/*, backend: backend, auth: none }
  - { name: otherwise, path: /otherwise/*, backend: backend, auth: other }
`

const NAME = 'Jon Snow'
const BOUNDARY = 'xyz'
const FORM = 'Content-Type: application/x-www-form-urlencoded'
const MULTIPART = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`

const part = (disposition: string, value = 'mallory'): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`
const multipart = (...parts: readonly string[]): string => `${parts.join('')}--${BOUNDARY}--\r\n`

for (const engine of ['node', 'claimgate']) {
  describe(`a client cannot speak with the gateway’s voice, engine ${engine}`, () => {
    let backend: RecordingBackend
    let gateway: TestGateway
    let issuer: TestIssuer
    let token: string
    before(async () => {
      issuer = await createIssuer('ES256')
      token = await issuer.token({ name: NAME })
      backend = await startRecordingBackend()
      gateway = await startTestGateway(configuration(engine, backend.url, issuer.jwks))
    })
    after(async () => {
      await gateway.close()
      await backend.close()
    })

    /** Sends one attack to a route, with a good token where the route asks for one, and gives what the backend got. */
    async function through(route: RouteName | 'otherwise', attack: RawRequest): Promise<RecordedRequest> {
      const good =
        route === 'all'
          ? [`Authentication: Bearer ${token}`]
          : route === 'otherwise'
            ? [`Authorization: Bearer ${token}`]
            : []
      const target = `/${route}/p${attack.target ?? ''}`
      const count = backend.requests.length
      const answer = await rawAnswer(
        gateway.url,
        rawRequest({ ...attack, target, fields: [...(attack.fields ?? []), ...good] }),
      )
      assert.equal(answer.status, 200, `${route}: ${answer.body}`)
      assert.equal(backend.requests.length, count + 1)
      return backend.last()
    }

    async function refusal(route: RouteName, attack: RawRequest): Promise<string> {
      const count = backend.requests.length
      const fields = [...(attack.fields ?? []), `Authentication: Bearer ${token}`]
      const answer = await rawAnswer(gateway.url, rawRequest({ ...attack, target: `/${route}/p`, fields }))
      assert.equal(backend.requests.length, count, 'the backend sees nothing of it')
      return (JSON.parse(answer.body) as { code: string }).code
    }

    it('as a header, in any case, spelling and number', async () => {
      const fields = [
        'nametofunction: mallory',
        'NameToFunction: mallory',
        'NAMETOFUNCTION:mallory',
        'nametofunction:\tmallory',
        'nametofunction:',
      ]
      for (const route of ROUTES) {
        const got = headerOf(await through(route, { fields }), 'nametofunction')
        assert.deepEqual(got, route === 'all' ? [NAME] : [], route)
      }
    })

    it('as a header where a global rule and another authentication meet', async () => {
      const request = await through('otherwise', {
        fields: ['NAMETOFUNCTION: mallory', 'Cookie: nametofunction=mallory'],
      })
      assert.ok(!request.rawHeaders.join('\n').includes('mallory'))
    })

    it('by having the gateway’s header removed as hop-by-hop', async () => {
      const fields = [
        'nametofunction: mallory',
        'Connection: close, nametofunction, NAMETOFUNCTION',
        'Connection: cookie',
      ]
      for (const route of ROUTES) {
        const request = await through(route, { fields })
        assert.deepEqual(headerOf(request, 'nametofunction'), route === 'all' ? [NAME] : [], route)
        assert.equal(headerOf(request, 'cookie').length, route === 'all' ? 1 : 0, route)
      }
    })

    it('by a folded or otherwise broken header line', async () => {
      for (const field of [
        'X: a\r\n nametofunction: mallory',
        'nametofunction : mallory',
        'X: a\nnametofunction: mallory',
        'X: a\rnametofunction: mallory',
      ]) {
        const count = backend.requests.length
        const request = rawRequest({ target: '/none/p', fields: [field] })
        const answer = await rawAnswer(gateway.url, request)
        if (backend.requests.length === count) assert.equal(answer.status, 400, field)
        else assert.deepEqual(headerOf(backend.last(), 'nametofunction'), [], field)
      }
    })

    it('as a query parameter, in any spelling that some server reads so', async () => {
      const names = [
        'nametofunction',
        'NameToFunction',
        'n%61metofunction',
        '%6e%61%6D%65tofunction',
        'nametofunction[]',
        'nametofunction%5B%5D',
        'nametofunction[0][a]',
        '[nametofunction]',
        'nametofunction%00',
        'nametofunction%00x',
        '+nametofunction',
        '%20nametofunction%20',
        'nametofunction%09',
        '%u006eametofunction',
      ]
      const pairs = [
        ...names.map((name) => `${name}=mallory`),
        'nametofunction',
        'x=1;nametofunction=mallory',
        ';nametofunction=mallory',
        '?nametofunction=mallory',
      ]
      for (const route of ROUTES) {
        const leading = await through(route, { target: '??nametofunction=mallory' })
        assert.ok(!leading.url.includes('mallory'), leading.url)
        const { url } = await through(route, { target: `?a=%7E&${pairs.join('&')}&&b=2` })
        const expected = route === 'all' ? '?a=%7E&&b=2&nametofunction=Jon%20Snow' : '?a=%7E&&b=2'
        assert.equal(url.slice(url.indexOf('?')), expected, route)
      }
    })

    it('as a cookie, in one field or in several', async () => {
      const fields = [
        'Cookie: a=1; nametofunction=mallory; NAMETOFUNCTION=mallory; b=2',
        'Cookie: nametofunction=mallory',
        'cookie: c="x; nametofunction=mallory"; d=1,nametofunction=mallory; e=5',
        'Cookie: f=1 nametofunction=mallory; g=1\tnametofunction=mallory',
        'Cookie:  nametofunction = mallory;;name%74ofunction=mallory',
      ]
      for (const route of ROUTES) {
        const cookies = headerOf(await through(route, { fields }), 'cookie').join(' | ')
        assert.ok(!cookies.includes('mallory'), `${route}: ${cookies}`)
        assert.equal(cookies.includes('nametofunction=Jon%20Snow'), route === 'all')
        assert.match(cookies, /a=1; b=2.*e=5/)
      }
    })

    it('as a field of an urlencoded form', async () => {
      const body =
        'first=%7E&nametofunction=mallory&NAMETOFUNCTION=mallory&name%74ofunction=mallory&nametofunction[]=mallory&x=1;nametofunction=mallory&last=+'
      for (const route of ROUTES) {
        const request = await through(route, { method: 'POST', fields: [FORM], body })
        const expected = route === 'all' ? 'first=%7E&last=+&nametofunction=Jon%20Snow' : 'first=%7E&last=+'
        assert.equal(request.body.toString('latin1'), expected, route)
        assert.deepEqual(headerOf(request, 'content-length'), [String(expected.length)])
      }
    })

    it('as a part of a multipart form, with a file name or without', async () => {
      const body = multipart(
        part('name="first"', 'eins'),
        part('name="nametofunction"'),
        part('name=nametofunction'),
        part('name="NameToFunction"'),
        part('name="nametofunction[]"'),
        part('name="nametofunction"; filename="x.txt"'),
        part('name="name%74ofunction"'),
        part('name="last"; filename="nametofunction"', 'zwei'),
      )
      for (const route of ROUTES) {
        const request = await through(route, { method: 'POST', fields: [MULTIPART], body })
        const text = request.body.toString('latin1')
        assert.ok(!text.includes('mallory'), route)
        const type = headerOf(request, 'content-type')[0]!
        const form = await new Response(new Uint8Array(request.body), {
          headers: { 'content-type': type },
        }).formData()
        assert.deepEqual(
          [...form.keys()],
          route === 'all' ? ['first', 'last', 'nametofunction'] : ['first', 'last'],
        )
      }
    })

    it('as a part that two parsers read differently', async () => {
      const doubtful = [
        multipart(part('name="x"; name="nametofunction"')),
        multipart(part('name="x"; name*=UTF-8\'\'nametofunction')),
        multipart(part("name*=UTF-8''nametofunction")),
        multipart(part('name="x\\"; name=\\"nametofunction"')),
        multipart(part('name="=?utf-8?q?nametofunction?="')),
        multipart(part('name="x"\r\nContent-Disposition: form-data; name="nametofunction"')),
        multipart(part('name="x"\r\n ; name="nametofunction"')),
        multipart(part('name="x"')).replaceAll('\r\n', '\n'),
        `preamble\r\n${multipart(part('name="x"'))}`,
        `${multipart(part('name="x"'))}${part('name="nametofunction"')}`,
        multipart(
          part(
            'name="x"',
            `a\n--${BOUNDARY}\nContent-Disposition: form-data; name="nametofunction"\n\nmallory`,
          ),
        ),
        part('name="x"'),
      ]
      for (const body of doubtful) {
        assert.equal(
          await refusal('all', { method: 'POST', fields: [MULTIPART], body }),
          'GW_REQUEST_FORM',
          body,
        )
      }
    })

    it('as a form that only some servers take for one', async () => {
      const body = 'nametofunction=mallory'
      for (const fields of [
        ['Content-Type: application/x-www-form-urlencoded; charset=utf-16'],
        ['Content-Type: application/x-www-form-urlencoded, text/plain'],
        ['Content-Type: text/plain', FORM],
        [FORM, 'Content-Encoding: gzip'],
        ['Content-Type: multipart/mixed; boundary=x'],
        ['Content-Type: multipart/form-data'],
        ['Content-Type: "application/x-www-form-urlencoded"'],
        [],
        ['Content-Type:'],
        ['Content-Type: ;charset=utf-8'],
        ['Content-Type: application/json', 'Content_Type: application/x-www-form-urlencoded'],
        [FORM, 'Content_Encoding: gzip'],
      ]) {
        assert.equal(await refusal('all', { method: 'POST', fields, body }), 'GW_REQUEST_FORM', fields.join())
      }
    })

    it('as one of more form fields than anybody looks through', async () => {
      for (const unit of ['a&', '%5b;', '%u0061[=&']) {
        const body = `${unit.repeat(20_000)}nametofunction=mallory`
        assert.equal(await refusal('all', { method: 'POST', fields: [FORM], body }), 'GW_REQUEST_FORM', unit)
      }
    })

    it('and a body that is no form passes untouched, however it looks', async () => {
      for (const [type, body] of [
        ['application/json', '{"nametofunction":"mallory"}'],
        ['text/plain', 'nametofunction=mallory'],
        ['application/xml', '<nametofunction>mallory</nametofunction>'],
      ] as const) {
        const request = await through('all', { method: 'POST', fields: [`Content-Type: ${type}`], body })
        assert.equal(request.body.toString('latin1'), body)
      }
      const empty = await through('all', { method: 'POST', body: '' })
      assert.equal(empty.body.length, 0)
    })

    it('and the rest of a request stays byte for byte as it was', async () => {
      const fields = [
        'X-One: a',
        'x-one: b',
        'X_Two:  spaced  ',
        `X-Bytes: ${Buffer.from('é').toString('latin1')}`,
      ]
      const request = await through('all', {
        target: '?q=%7E+%2b&&=&x',
        fields: [...fields, 'Cookie: a="b; c'],
      })
      assert.equal(request.url, '/all/p?q=%7E+%2b&&=&x&nametofunction=Jon%20Snow')
      assert.deepEqual(headerOf(request, 'x-one'), ['a', 'b'])
      assert.deepEqual(headerOf(request, 'x_two'), ['spaced'])
      assert.deepEqual(headerOf(request, 'x-bytes'), ['é'])
      assert.deepEqual(headerOf(request, 'cookie'), ['nametofunction=Jon%20Snow; a="b; c'])
    })
  })

  describe(`names with separators, and trailers, engine ${engine}`, () => {
    let issuer: TestIssuer
    let seen: string[]
    let backend: RawServer
    let gateway: TestGateway
    before(async () => {
      issuer = await createIssuer('ES256')
      seen = []
      backend = await startRawServer(async (client) => {
        const head = await client.until('\r\n\r\n').catch(() => '')
        if (head === '') return
        const body = /transfer-encoding: chunked/i.test(head) ? await client.until('0\r\n') : ''
        // What may come behind the last chunk is waited for, too.
        await new Promise((resolve) => setTimeout(resolve, 30))
        seen.push(head + body + client.text)
        client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      })
      gateway = await startTestGateway(`
version: 1
engine: ${engine}
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${backend.url} } }
authentications:
  main: { keys: { jwks: ${JSON.stringify(issuer.jwks)} }, forward: [{ claim: sub, header: X-User-Name }] }
routes: [{ path: /open/*, backend: backend, auth: { use: main, mode: optional } }]`)
    })
    after(async () => {
      await backend[Symbol.asyncDispose]()
      await gateway.close()
    })

    it('every separator that CGI and its like fold to the same variable is removed', async () => {
      const separators = ['-', '_', '.', '!', '~', '+', "'", '*', '^', '|', '#', '$', '%', '&', '`']
      const fields = separators.flatMap((one) => separators.map((two) => `x${one}USER${two}name: mallory`))
      await rawAnswer(gateway.url, rawRequest({ target: '/open/x', fields: fields.slice(0, 90) }))
      await rawAnswer(gateway.url, rawRequest({ target: '/open/x', fields: fields.slice(90, 180) }))
      await rawAnswer(gateway.url, rawRequest({ target: '/open/x', fields: fields.slice(180) }))
      assert.equal(seen.length, 3)
      assert.ok(!seen.join('').includes('mallory'))
    })

    it('nothing comes to the backend by trailers, whether they are dropped or refused', async () => {
      for (const trailers of [
        ['x-user-name: mallory', 'X_User_Name: mallory', 'X-User-Name: mallory'],
        ['Authorization: mallory', 'Cookie: x-user-name=mallory'],
      ]) {
        seen.length = 0
        const body = `3\r\nabc\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`
        const fields = ['Transfer-Encoding: chunked', 'Trailer: x-user-name', 'TE: trailers']
        const answer = await rawAnswer(
          gateway.url,
          rawRequest({ method: 'POST', target: '/open/x', fields, body }),
        )
        assert.ok(answer.status === 200 || answer.status === 400, String(answer.status))
        if (answer.status === 200) assert.match(seen.join(''), /abc/)
        assert.ok(!seen.join('').includes('mallory'))
      }
    })

    it('a request to upgrade loses the reserved names as every other', async () => {
      seen.length = 0
      const fields = [
        'Connection: Upgrade, close, x-user-name',
        'Upgrade: websocket',
        'X-User_Name: mallory',
        'x.user.name: mallory',
      ]
      await rawAnswer(gateway.url, rawRequest({ target: '/open/x', fields }))
      assert.match(seen.join(''), /^GET \/open\/x /)
      assert.ok(!seen.join('').includes('mallory'))
    })

    it('a second request behind the first is not read as a part of it', async () => {
      seen.length = 0
      const client = await RawClient.connect(Number(new URL(gateway.url).port))
      client.write(
        'POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /open/y HTTP/1.1\r\nHost: a\r\nX-User-Name: mallory\r\nConnection: close\r\n\r\n',
      )
      await client.rest()
      assert.equal(seen.length, 2)
      assert.ok(!seen.join('').includes('mallory'))
    })
  })
}
