import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAuthority } from '../../test/support/authority.ts'
import { json, redirect } from '../../test/support/key-answer.ts'
import { failureOf, fetched } from '../../test/support/key-fetch.ts'
import { startKeyServer } from '../../test/support/key-server.ts'
import { whyNoOpenssl } from '../../test/support/openssl.ts'

const TLS = { ca: undefined, certificate: undefined, serverName: undefined, verifies: true } as const

describe('a redirect', { timeout: 60_000 }, () => {
  it('is followed on its own host, to any path and port, five times', async () => {
    await using first = await startKeyServer()
    await using second = await startKeyServer()
    for (let i = 0; i < 5; i++) first.serve(`/${i}`, redirect(`/${i + 1}`, [301, 302, 303, 307, 308][i]))
    first.serve('/5', json({ keys: [] }))
    first.serve('/other', redirect(`${second.url}/5`))
    second.serve('/5', json({}))
    assert.equal((await fetched({ url: `${first.url}/0` })).text, '{"keys":[]}')
    assert.equal((await fetched({ url: `${first.url}/other` })).text, '{}')
    first.serve('/5', redirect('/6'))
    const { message } = await failureOf({ url: `${first.url}/0` })
    assert.match(message, /redirects more than 5 times/)
    assert.equal(first.fetches('/6'), 0)
  })

  it('that goes round ends', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', redirect('/keys'))
    assert.match((await failureOf({ url: `${server.url}/keys` })).message, /more than 5 times/)
    assert.equal(server.fetches(), 6)
  })

  it('to another host is followed only where that is allowed', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', redirect(`http://localhost:${server.port}/there`))
    server.serve('/there', json({}))
    const { message, hint } = await failureOf({ url: `${server.url}/keys` })
    assert.match(message, /redirects to `localhost:\d+`, which is not followed/)
    assert.equal(hint, 'add `redirectsTo: [localhost]` to the source if that is right')
    const allowed = { url: `${server.url}/keys`, redirectHosts: ['localhost'] }
    // The name is allowed; that it leads to this machine is another question.
    assert.match((await failureOf(allowed)).message, /`localhost` is at .*, a loopback address/)
    const local = { ...allowed, allowedAddresses: ['127.0.0.0/8', '::1'] }
    assert.equal((await fetched(local)).text, '{}')
  })

  it('to an address of this network is not followed, though its host is allowed', async () => {
    await using server = await startKeyServer()
    for (const host of ['169.254.169.254', '10.0.0.1', '127.0.0.2', '[::1]', '[fd00:ec2::254]']) {
      server.serve('/keys', redirect(`http://${host}/latest/meta-data`))
      const { message } = await failureOf({ url: `${server.url}/keys`, redirectHosts: [host] })
      assert.match(message, /address, which is not connected to/, host)
    }
  })

  it('to an address says how to allow it where it may be the operator’s own, and not where credentials are', async () => {
    await using server = await startKeyServer()
    const refused = /^link-local addresses and those of metadata services are refused/
    const hints: readonly (readonly [host: string, hint: RegExp])[] = [
      ['169.254.169.254', refused],
      ['0xA9FEA9FE', refused],
      ['169.254.170.2', refused],
      ['100.100.100.200', refused],
      ['[fd00:ec2::254]', refused],
      ['[fe80::1]', refused],
      ['[64:ff9b::a9fe:a9fe]', refused],
      ['[::ffff:169.254.169.254]', refused],
      [
        '10.0.0.1',
        /^add `redirectsTo: \[10\.0\.0\.1\]` and `allowAddresses: \[10\.0\.0\.1\]` to the source if it/,
      ],
      ['8.8.8.8', /^add `redirectsTo: \[8\.8\.8\.8\]` to the source if that is right$/],
      ['[fd00::1]', /^have it redirect to a name/],
      ['[2606:4700::1]', /^have it redirect to a name/],
    ]
    for (const [host, expected] of hints) {
      server.serve('/keys', redirect(`http://${host}/latest/meta-data`))
      const { message, hint } = await failureOf({ url: `${server.url}/keys` })
      assert.match(message, /, which is not followed$/)
      assert.match(hint ?? '', expected, host)
    }
    // Who has allowed the address knows what is there.
    server.serve('/keys', redirect('http://169.254.1.1/keys'))
    const { hint } = await failureOf({ url: `${server.url}/keys`, allowedAddresses: ['169.254.1.1'] })
    assert.equal(hint, 'add `redirectsTo: [169.254.1.1]` to the source if that is right')
  })

  it('to nowhere, to a file or to mail is none', async () => {
    await using server = await startKeyServer()
    for (const location of ['file:///etc/passwd', 'mailto:a@b', 'http://', 'data:,{}']) {
      server.serve('/keys', redirect(location))
      assert.match((await failureOf({ url: `${server.url}/keys` })).message, /to what is no http/, location)
    }
    server.serve('/keys', { status: 302 })
    assert.match((await failureOf({ url: `${server.url}/keys` })).message, /does not say where to/)
  })

  it('takes no user or password along', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', redirect(`http://user:secret@127.0.0.1:${server.port}/there`))
    server.serve('/there', json({}))
    assert.equal((await fetched({ url: `${server.url}/keys` })).text, '{}')
    assert.equal(server.requests[1]?.headers.authorization, undefined)
  })

  it(
    'never leads from https to http, and shows the certificate to the configured host alone',
    { skip: whyNoOpenssl() },
    async () => {
      using authority = createAuthority()
      const { certPem: cert, keyPem: key } = authority.issue('localhost', '127.0.0.1')
      const client = authority.issue('gateway')
      const clientCa = authority.certPem
      await using plain = await startKeyServer()
      await using first = await startKeyServer({ tls: { cert, key } })
      await using second = await startKeyServer({ tls: { cert, key, clientCa } })
      plain.serve('/keys', json({}))
      second.serve('/keys', json({}))
      const source = {
        url: `${first.url}/keys`,
        redirectHosts: ['localhost'],
        allowedAddresses: ['127.0.0.1', '::1'],
        tls: { ...TLS, ca: clientCa, certificate: { cert: client.certPem, key: client.keyPem } },
      }
      first.serve('/keys', redirect(`${plain.url}/keys`))
      assert.match((await failureOf(source)).message, /redirects from https to http, which is not followed/)
      assert.equal(plain.connections, 0)
      first.serve('/keys', redirect(`${second.url}/keys`))
      assert.equal((await fetched(source)).text, '{}')
      assert.equal(second.requests.at(-1)?.clientName, 'gateway')
      first.serve('/keys', redirect(`https://localhost:${second.port}/keys`))
      assert.match((await failureOf(source)).message, /client certificate|closed before/)
      assert.equal(second.fetches(), 1)
    },
  )
})
