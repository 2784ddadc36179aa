import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, redirect } from '../support/key-answer.ts'
import { discoveryOf, jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedAnswer } from '../support/keyed-gateway.ts'
import { resolving } from '../support/names.ts'
import { createSigner } from '../support/signer.ts'

/**
 * Who can choose where keys are fetched, by a redirect, metadata or a name server, must not make the gateway speak to
 * what only it can reach: itself, its network, the metadata service of its cloud.
 */
const PRIVATE: Readonly<Record<string, string>> = {
  loopback: '127.0.0.1',
  otherLoopback: '127.1.2.3',
  unspecified: '0.0.0.0',
  ten: '10.1.2.3',
  oneSevenTwo: '172.31.0.1',
  oneNineTwo: '192.168.1.1',
  cloudMetadata: '169.254.169.254',
  carrier: '100.64.0.1',
  multicast: '224.0.0.1',
  broadcast: '255.255.255.255',
  loopback6: '::1',
  unspecified6: '::',
  linkLocal6: 'fe80::1',
  unique6: 'fd00::1',
  mapped: '::ffff:127.0.0.1',
  mappedTen: '::ffff:10.0.0.1',
  nat64: '64:ff9b::7f00:1',
  sixToFour: '2002:7f00:1::1',
  compatible: '::127.0.0.1',
  siteLocal6: 'fec0::1',
}
const NAMES = Object.keys(PRIVATE)

const a = createSigner('ES256', { kid: 'a' })
const GOOD = json(jwksOf(a))

const told = ({ status, code }: KeyedAnswer): string => `${status} ${code}`.trim()
const UNAVAILABLE = '503 GW_KEYS_UNAVAILABLE'
const hostOf = (name: string): string => `${name.toLowerCase()}.example`

describe('addresses that keys are fetched from', { timeout: 120_000, concurrency: 2 }, () => {
  it('are none that a name was made to point to inside', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    const url = (name: string): string => `http://${hostOf(name)}:${server.port}/keys`
    await using gateway = await startKeyedGateway({
      authentications: {
        ...Object.fromEntries(NAMES.map((name) => [name, `keys: { url: "${url(name)}", timeout: 1s }`])),
        otherAllowed: `keys: { url: "${url('loopback')}", allowAddresses: [10.0.0.0/8, "::1/128"] }`,
        allowed: `keys: { url: "${url('loopback')}", allowAddresses: [127.0.0.0/8] }`,
        allowedMapped: `keys: { url: "${url('mapped')}", allowAddresses: [127.0.0.0/8] }`,
      },
      env: resolving(Object.fromEntries(NAMES.map((name) => [hostOf(name), [[PRIVATE[name]!]]]))),
    })
    assert.equal(told(await gateway.ask(tokenOf(a), 'allowed')), '200')
    assert.ok(['200', UNAVAILABLE].includes(told(await gateway.ask(tokenOf(a), 'allowedMapped'))))
    const fetches = server.fetches()
    for (const name of [...NAMES, 'otherAllowed'])
      assert.equal(told(await gateway.ask(tokenOf(a), name)), UNAVAILABLE, name)
    const failed = await gateway.untilLines('keys could not be fetched', NAMES.length + 1)
    for (const { source, error } of failed) {
      assert.match(String(error), /address, which is not connected to/, String(source))
    }
    assert.equal(server.fetches(), fetches)
  })

  it('are those that were looked at, not those of another look-up of the same name', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    await using gateway = await startKeyedGateway({
      authentications: {
        rebinding: `keys: { url: "http://rebinding.example:${server.port}/keys", timeout: 500ms, cooldown: 1s }`,
        mixed: `keys: { url: "http://mixed.example:${server.port}/keys", timeout: 500ms, cooldown: 1s }`,
      },
      env: resolving({
        // Addresses for documentation (RFC 5737): nobody answers there.
        'rebinding.example': [['203.0.113.1'], ['127.0.0.1']],
        'mixed.example': [['203.0.113.1', '127.0.0.1']],
      }),
    })
    for (const name of ['rebinding', 'mixed'])
      assert.equal(told(await gateway.ask(tokenOf(a), name)), UNAVAILABLE, name)
    await gateway.untilLines('keys could not be fetched', 4)
    assert.equal(server.connections, 0)
  })

  it('are not chosen by a redirect, be its host allowed or not', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    const targets: Readonly<Record<string, string>> = {
      metadata: 'http://169.254.169.254/latest/meta-data/',
      localhost: `http://localhost:${server.port}/keys`,
      otherLoopback: `http://127.0.0.2:${server.port}/keys`,
      loopback6: `http://[::1]:${server.port}/keys`,
      mapped: `http://[::ffff:127.0.0.1]:${server.port}/keys`,
      name: `http://inside.example:${server.port}/keys`,
      unspecified: `http://0.0.0.0:${server.port}/keys`,
    }
    const hosts = ['169.254.169.254', 'localhost', '127.0.0.2', 'inside.example', '0.0.0.0']
    for (const [name, target] of Object.entries(targets)) server.serve(`/${name}`, redirect(target))
    await using gateway = await startKeyedGateway({
      authentications: Object.fromEntries(
        Object.keys(targets).flatMap((name) => [
          [name, `keys: { url: "${server.url}/${name}" }`],
          [`${name}Host`, `keys: { url: "${server.url}/${name}", redirectsTo: [${hosts.join()}] }`],
        ]),
      ),
      env: resolving({ 'inside.example': [['127.0.0.1']] }),
    })
    for (const name of Object.keys(targets)) {
      assert.equal(told(await gateway.ask(tokenOf(a), name)), UNAVAILABLE, name)
      assert.equal(told(await gateway.ask(tokenOf(a), `${name}Host`)), UNAVAILABLE, `${name}Host`)
    }
    assert.equal(server.fetches('/keys'), 0)
    for (const { error } of await gateway.untilLines(
      'keys could not be fetched',
      2 * Object.keys(targets).length,
    ))
      assert.match(String(error), /is not followed$|address, which is not connected to$/)
  })

  it('may be inside where the configuration says so, to the redirect and its address both', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    server.serve('/name', redirect(`http://inside.example:${server.port}/keys`))
    await using gateway = await startKeyedGateway({
      authentications: {
        both: `keys: { url: "${server.url}/name", redirectsTo: [inside.example], allowAddresses: [127.0.0.1/32] }`,
        address: `keys: { url: "${server.url}/name", allowAddresses: [127.0.0.1/32] }`,
        localhost: `keys: { url: "http://localhost:${server.port}/keys" }`,
      },
      fetched: 2,
      env: resolving({ 'inside.example': [['127.0.0.1']] }),
    })
    assert.equal(told(await gateway.ask(tokenOf(a), 'both')), '200')
    assert.equal(told(await gateway.ask(tokenOf(a), 'address')), UNAVAILABLE)
    assert.equal(told(await gateway.ask(tokenOf(a), 'localhost')), '200')
    assert.equal(server.fetches('/keys'), 2)
  })

  it('are not chosen by the metadata of an issuer', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    const uris: Readonly<Record<string, string>> = {
      metadata: 'http://169.254.169.254/latest/meta-data/',
      loopback6: `http://[::1]:${server.port}/keys`,
      name: `http://inside.example:${server.port}/keys`,
      file: 'file:///etc/hostname',
      relative: '/keys',
      data: `data:application/json,${encodeURIComponent(JSON.stringify(jwksOf(a)))}`,
    }
    const issuerOf = (name: string): string => `${server.url}/${name}`
    for (const [name, uri] of Object.entries(uris))
      server.serve(`/${name}/.well-known/openid-configuration`, json(discoveryOf(issuerOf(name), uri)))
    await using gateway = await startKeyedGateway({
      authentications: Object.fromEntries(
        Object.keys(uris).map((name) => [
          name,
          `issuer: "${issuerOf(name)}", keys: { discovery: true, timeout: 2s }`,
        ]),
      ),
      env: resolving({ 'inside.example': [['127.0.0.1']] }),
    })
    for (const name of Object.keys(uris))
      assert.equal(told(await gateway.ask(tokenOf(a, { iss: issuerOf(name) }), name)), UNAVAILABLE, name)
    assert.equal(server.fetches('/keys'), 0)
    for (const { error } of await gateway.untilLines('keys could not be fetched', Object.keys(uris).length))
      assert.match(String(error), /jwks_uri|address, which is not connected to$/)
  })
})
