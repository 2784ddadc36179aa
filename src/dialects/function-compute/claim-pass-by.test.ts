import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { readClaimPassBy } from './claim-pass-by.ts'

function read(claimPassBy: unknown) {
  const { node, problems } = nodeOf(JSON.stringify({ claimPassBy }))
  return { mappings: readClaimPassBy(node).map(({ value }) => value), problems: briefly(problems) }
}

describe('claimPassBy as text', () => {
  it('names position, claim and new name', () => {
    assert.deepEqual(read('query:uid:uid,header:name:X-Name,form:sub:user,cookie:sub:user'), {
      mappings: [
        { claim: ['uid'], in: 'query', name: 'uid' },
        { claim: ['name'], in: 'header', name: 'X-Name' },
        { claim: ['sub'], in: 'form', name: 'user' },
        { claim: ['sub'], in: 'cookie', name: 'user' },
      ],
      problems: [],
    })
  })

  it('leaves colons, commas, dots and slashes to the name of the claim', () => {
    const { mappings, problems } = read('header:https://example.com/a.b:X-A,header:a,b:X-B,query:a:b:c')
    assert.deepEqual(
      mappings.map(({ claim, name }) => [claim[0], name]),
      [
        ['https://example.com/a.b', 'X-A'],
        ['a,b', 'X-B'],
        ['a:b', 'c'],
      ],
    )
    assert.deepEqual(problems, [])
  })

  it('forwards nothing where it names no claim, and says so', () => {
    assert.deepEqual(read('query::'), {
      mappings: [],
      problems: ['1 warning: a mapping names no claim, so that nothing is forwarded'],
    })
    assert.deepEqual(read('query::adssda').problems, [
      '1 warning: a mapping names no claim, so that nothing is forwarded as `adssda`',
    ])
    assert.deepEqual(read(''), { mappings: [], problems: [] })
    assert.deepEqual(read(undefined), { mappings: [], problems: [] })
  })

  it('refuses what is no mapping', () => {
    assert.match(read('header:name').problems.join(), /error: `header:name` is no mapping of a claim/)
    assert.match(read('name').problems.join(), /error: `name` is no mapping of a claim/)
    assert.match(read('path:a:b').problems.join(), /error: `path` is not a position/)
    assert.match(read('header:a:').problems.join(), /error: the claim `a` is given no name/)
    assert.match(read(true).problems.join(), /error: `claimPassBy` must be text/)
  })
})

describe('claimPassBy as a list', () => {
  it('means the same as the text', () => {
    const list = [{ claimName: 'sub', mappingParameterName: 'uid', mappingParameterPosition: 'query' }]
    assert.deepEqual(read(list), { mappings: [{ claim: ['sub'], in: 'query', name: 'uid' }], problems: [] })
  })

  it('may name no claim', () => {
    assert.match(
      read([{ mappingParameterName: 'a', mappingParameterPosition: 'query' }]).problems.join(),
      /warning: a mapping names no claim/,
    )
  })
})
