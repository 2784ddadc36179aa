import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../test/support/dialects.ts'
import type { ClaimMapping, TokenLocation } from '../plan/spec.ts'
import { checkLocations, checkMappings } from './forwarding.ts'

function mappings(
  values: readonly ClaimMapping[],
  locations: readonly TokenLocation[] = [],
  keepToken = false,
) {
  const { node, problems } = nodeOf('{}')
  const kept = checkMappings(
    values.map((value) => ({ node, value })),
    locations,
    keepToken,
  )
  return { kept: kept.map(({ name }) => name), problems: briefly(problems) }
}

const toHeader = (name: string): ClaimMapping => ({ claim: ['sub'], in: 'header', name })

describe('targets of claims', () => {
  it('cannot be header fields that HTTP or the gateway writes, in any spelling', () => {
    const owned = [
      'Host',
      'content-length',
      'Transfer-Encoding',
      'TRANSFER_ENCODING',
      'Connection',
      'Upgrade',
      'TE',
      'Trailer',
      'Keep-Alive',
      'Proxy-Authorization',
      'Proxy-Foo',
      'Expect',
      'X-Forwarded-For',
      'x_forwarded_anything',
      'Forwarded',
      'Via',
      'X-Request-Id',
      'Content-Type',
      'Content-Encoding',
      'Cookie',
      'X-Real-IP',
    ]
    for (const name of owned) {
      const { kept, problems } = mappings([toHeader(name)])
      assert.deepEqual(kept, [], name)
      assert.equal(problems.length, 1, name)
    }
  })

  it('must be names of their kind', () => {
    for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'ä', 'x'.repeat(200)]) {
      assert.deepEqual(mappings([toHeader(name)]).kept, [])
      assert.deepEqual(mappings([{ ...toHeader(name), in: 'cookie' }]).kept, [])
    }
    for (const name of ['a b', 'ä', 'a:b', 'uid[]'])
      assert.deepEqual(mappings([{ ...toHeader(name), in: 'query' }]).kept, [name])
    for (const name of ['', 'a\nb']) assert.deepEqual(mappings([{ ...toHeader(name), in: 'form' }]).kept, [])
  })

  it('cannot be one name in two spellings', () => {
    const { kept, problems } = mappings([
      toHeader('X-User'),
      toHeader('x_user'),
      { ...toHeader('X-User'), in: 'query' },
    ])
    assert.deepEqual(kept, ['X-User', 'X-User'])
    assert.deepEqual(problems, [
      '1 error: two claims go to the header `x_user`, which backends read as `X-User`',
    ])
  })

  it('are warned of where they take the place of a token that is kept', () => {
    const location: TokenLocation = { in: 'header', name: 'Authorization', prefix: 'Bearer ' }
    assert.equal(mappings([toHeader('authorization')], [location], true).problems.length, 1)
    assert.deepEqual(mappings([toHeader('authorization')], [location], false).problems, [])
  })
})

describe('locations of tokens', () => {
  it('have names of their kind and a prefix of one word', () => {
    const { node, problems } = nodeOf('{}')
    const header = (name: string, prefix: string) => ({
      node,
      value: { in: 'header' as const, name, prefix },
    })
    const good = [header('Authorization', 'Bearer '), header('X-Token', '')]
    const bad = [
      header('A B', ''),
      header('A', 'Bearer'),
      header('A', 'two words '),
      header('A', 'Bearer  '),
      header('A', 'Bär '),
    ]
    assert.deepEqual(
      checkLocations([...good, ...bad]),
      good.map(({ value }) => value),
    )
    assert.equal(problems.length, bad.length)
  })
})
