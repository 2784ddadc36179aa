import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../test/support/dialects.ts'
import { suggestion } from './suggestion.ts'

describe('a node', () => {
  it('finds a member in any casing and with either separator', () => {
    const { node, problems } = nodeOf('{ JWKS: 1, AuthType: 2, auth_info: 3, claim-pass-by: 4 }')
    assert.deepEqual(
      ['jwks', 'authType', 'authInfo', 'claimPassBy'].map((name) => node.find(name)?.value),
      [1, 2, 3, 4],
    )
    assert.deepEqual(problems, [])
  })

  it('reports two spellings of one setting', () => {
    const { node, problems } = nodeOf('whitelist: [a]\nwhiteList: [b]\n')
    node.find('whitelist')
    assert.deepEqual(briefly(problems), ['2 error: `whiteList` and `whitelist` are the same setting'])
  })

  it('takes a member that is null for one that is not written', () => {
    assert.equal(nodeOf('a:\nb: 1').node.find('a'), undefined)
  })

  it('knows which of its members are null', () => {
    assert.deepEqual(nodeOf('a:\nb: 1\nc: ~').node.emptyMembers(), ['a', 'c'])
    assert.deepEqual(nodeOf('[~]').node.emptyMembers(), [])
  })

  it('reports settings that nobody reads as errors where the one that was meant is vital', () => {
    const { node, problems } = nodeOf('statsu: true\njwkss: 1')
    node.warnOfOthers(['status', 'jwks'], ['status'])
    assert.deepEqual(briefly(problems), ['1 error: `statsu` is not read', '2 warning: `jwkss` is not read'])
  })

  it('warns of settings that nobody reads, with the one that was probably meant', () => {
    const { node, problems } = nodeOf('whitelst: []\nfoo: 1\nJWKS: 1')
    node.warnOfOthers(['whitelist', 'jwks'])
    assert.deepEqual(
      problems.map(({ hint }) => hint),
      ['is `whitelist` meant?', 'it changes nothing here; leave it out if that is fine'],
    )
  })

  it('reads text and flags, or reports their place', () => {
    const { node, problems } = nodeOf('a: x\nb: 1\nc: "true"\nd: maybe')
    assert.deepEqual(
      ['a', 'b'].map((name) => node.find(name)?.text()),
      ['x', undefined],
    )
    assert.deepEqual(
      ['c', 'd'].map((name) => node.find(name)?.flag()),
      [true, undefined],
    )
    assert.deepEqual(briefly(problems), [
      '2 error: `b` must be text',
      '3 warning: `c` is the text `true`, which is read as what it says',
      '4 error: `d` must be true or false',
    ])
  })

  it('has no word for a value that is no scalar, however it would like to be printed', () => {
    assert.equal(nodeOf('{ toString: x }').node.word(), '')
    assert.equal(nodeOf('12').node.word(), '12')
  })
})

describe('a suggestion', () => {
  const known = ['listeners', 'backends', 'authentications', 'keys']
  it('is the nearest name, whatever its case and separators', () => {
    assert.equal(suggestion('listner', known), 'listeners')
    assert.equal(suggestion('Back_ends', known), 'backends')
    assert.equal(suggestion('key', known), 'keys')
  })

  it('is nothing where no name is near', () => {
    for (const written of ['zzz', '', 'x'.repeat(100_000)])
      assert.equal(suggestion(written, known), undefined)
  })
})
