import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { refuseUnfinished } from './unfinished.ts'

function read(text: string): readonly string[] {
  const { node, problems } = nodeOf(text)
  refuseUnfinished(node)
  return briefly(problems)
}

describe('a setting with nothing behind it', () => {
  it('is an error wherever it stands, at its own line', () => {
    const text = 'rules:\nroutes:\n  - path: /a\n    auth:\nauthentications:\n  main:\n    audiences: ~\n'
    assert.deepEqual(read(text), [
      '1 error: `rules` has nothing behind it',
      '4 error: `auth` has nothing behind it',
      '7 error: `audiences` has nothing behind it',
    ])
  })

  it('may stand in a key set, which others wrote', () => {
    assert.deepEqual(read('keys: { jwks: { keys: [{ use: ~ }] } }'), [])
    assert.deepEqual(read('keys: { jwks: ~ }'), ['1 error: `jwks` has nothing behind it'])
  })
})
