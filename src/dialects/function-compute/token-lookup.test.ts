import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { readTokenLookup } from './token-lookup.ts'

function read(tokenLookup: unknown) {
  const { node, problems } = nodeOf(JSON.stringify({ tokenLookup }))
  return { locations: readTokenLookup(node).map(({ value }) => value), problems: briefly(problems) }
}

const bearer = { in: 'header', name: 'Authorization', prefix: 'Bearer ' }

describe('tokenLookup as text', () => {
  it('may name positions as the console words them, with a warning', () => {
    const { locations, problems } = read('Form Parameters:a,query parameter:b, Cookie:c')
    assert.deepEqual(locations, [
      { in: 'form', name: 'a' },
      { in: 'query', name: 'b' },
      { in: 'cookie', name: 'c' },
    ])
    assert.equal(
      problems.filter((problem) => /warning: the position `\w+ \w+` is read as/.test(problem)).length,
      2,
    )
    assert.match(
      read([{ readPosition: 'header', parameterName: 'a', removePrefix: 'Bearer' }]).problems.join(),
      /error: `removePrefix` is a word of the console/,
    )
  })

  it('lists positions in the order in which they are tried', () => {
    const { locations, problems } = read(
      'header:Authorization:Bearer ,query:jwt,form:jwt,cookie:AuthorizationCookie',
    )
    assert.deepEqual(locations, [
      bearer,
      { in: 'query', name: 'jwt' },
      { in: 'form', name: 'jwt' },
      { in: 'cookie', name: 'AuthorizationCookie' },
    ])
    assert.deepEqual(problems, [])
  })

  it('means the same prefix with and without its space, and warns of the latter', () => {
    assert.deepEqual(read('header:Authorization:Bearer'), {
      locations: [bearer],
      problems: ['1 warning: the prefix `Bearer` is read as `Bearer `, with one space after it'],
    })
  })

  it('needs no prefix', () => {
    for (const text of ['header:auth', 'header:auth:'])
      assert.deepEqual(read(text), { locations: [{ in: 'header', name: 'auth', prefix: '' }], problems: [] })
  })

  it('takes positions in any casing, and spaces after commas', () => {
    assert.deepEqual(read('Header:a, Cookie:b').locations, [
      { in: 'header', name: 'a', prefix: '' },
      { in: 'cookie', name: 'b' },
    ])
  })

  it('refuses positions that are none, and an empty text', () => {
    for (const text of ['body:x', 'x', ':x', 'constructor:x', 'toString:x']) {
      const { locations, problems } = read(text)
      assert.deepEqual(locations, [], text)
      assert.match(problems.join(), /error: .* is not a position/, text)
    }
    for (const nothing of ['', [], undefined])
      assert.match(read(nothing).problems.join(), /error: `tokenLookup` is missing/)
    assert.match(read(5).problems.join(), /error: `tokenLookup` must be text/)
    assert.match(read('header:${vars.x}').problems.join(), /error: .* cannot be resolved here/)
  })
})

describe('tokenLookup as a list', () => {
  it('means the same as the text', () => {
    const list = [
      { readPosition: 'header', parameterName: 'Authorization', prefix: 'Bearer ' },
      { ReadPosition: 'QUERY', ParameterName: 'jwt' },
    ]
    assert.deepEqual(read(list), { locations: [bearer, { in: 'query', name: 'jwt' }], problems: [] })
  })

  it('warns of a prefix where there is none, and reports what is missing', () => {
    assert.match(
      read([{ readPosition: 'cookie', parameterName: 'a', prefix: 'Bearer ' }]).problems.join(),
      /warning: the prefix of the cookie `a` is not read/,
    )
    assert.match(read([{ readPosition: 'cookie' }]).problems.join(), /error: `parameterName` is missing/)
    assert.match(
      read([{ parameterName: 'a' }, 5]).problems.join(),
      /error: `readPosition` is missing.*error: `readPosition` is missing/,
    )
  })
})
