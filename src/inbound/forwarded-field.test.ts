import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { addressOfNode, forwardedElement, hostParameter, parseForwarded } from './forwarded-field.ts'

test('elements are read as RFC 7239 writes them', () => {
  assert.deepEqual(parseForwarded('for=192.0.2.60;proto=http;by=203.0.113.43'), [
    { address: '192.0.2.60', host: undefined, proto: 'http' },
  ])
  assert.deepEqual(
    parseForwarded(
      'For="[2001:db8:cafe::17]:4711";Host="a.example:80" , for=_hidden,for=unknown;proto=https',
    ),
    [
      { address: '2001:db8:cafe::17', host: 'a.example:80', proto: undefined },
      { address: undefined, host: undefined, proto: undefined },
      { address: undefined, host: undefined, proto: 'https' },
    ],
  )
  assert.deepEqual(parseForwarded('host="a\\"b"'), [{ address: undefined, host: 'a"b', proto: undefined }])
})

test('a field that is malformed anywhere is not read', () => {
  for (const text of [
    '',
    ',',
    'for',
    'for=',
    'for=1.2.3.4;',
    'for=1.2.3.4,',
    'for="1.2.3.4',
    'for=1.2.3.4 x',
    'for=a;for=b',
    'for=a;FOR=b',
    'for = a',
    'for=::1',
    ';for=a',
    'for="a\\"',
  ]) {
    assert.equal(parseForwarded(text), undefined, text)
  }
})

test('an address is read in each of its forms, and nothing else is one', () => {
  for (const [node, address] of [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
  ] as const) {
    assert.equal(addressOfNode(node), address)
  }
  for (const node of [
    '',
    'unknown',
    '_x',
    'localhost',
    '192.0.2.1:',
    '192.0.2.1:x',
    '[192.0.2.1]',
    '[::1',
    '[::1]x',
    '1.2.3',
    '"1.2.3.4"',
  ]) {
    assert.equal(addressOfNode(node), undefined, node)
  }
})

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const text = forwardedElement(address, `${hostParameter('a.example:8080')};proto=https`)
      const element = parseForwarded(text)?.[0]
      assert.equal(element?.address, addressOfNode(address))
      assert.equal(element?.host, 'a.example:8080')
      assert.equal(element?.proto, 'https')
    }),
  )
  assert.equal(hostParameter(''), '')
})

test('hostile fields take linear time', () => {
  const started = performance.now()
  for (const unit of ['for=', 'a', ',', ';', '"', '="', 'a="\\', ' ', 'for=a,', '\\']) {
    parseForwarded(unit.repeat(100_000))
    parseForwarded(`for="${unit.repeat(100_000)}`)
    addressOfNode(unit.repeat(100_000))
  }
  addressOfNode('1.'.repeat(100_000))
  assert.ok(performance.now() - started < 2000)
})
