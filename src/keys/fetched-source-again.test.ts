import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DOWN, published, SourceRun, START_MS } from '../../test/support/fetched-source.ts'
import { countMadeKeys } from '../../test/support/made-keys.ts'
import { createSigner } from '../../test/support/signer.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const MINUTE_MS = 60_000

describe('keys that are fetched again', () => {
  it('are made once, however often the same document comes, and anew with what another changes', async (t) => {
    const made = countMadeKeys(t)
    const run = new SourceRun(t, { spec: { refreshMs: 10_000, serveStaleMs: MINUTE_MS } })
    run.answer = published(A, B)
    await run.begin()
    const [first, held] = [made(), run.source.held?.keys.map(({ key }) => key)]
    assert.ok(first >= 2)
    await run.pass(9000)
    assert.deepEqual([run.fetches.length, made()], [2, first])
    assert.deepEqual(
      run.source.held?.keys.map(({ key }, i) => key === held?.[i]),
      [true, true],
    )
    assert.equal(run.source.held?.fetchedAtMs, START_MS + run.fetches[1]!)
    run.answer = published(B)
    await run.pass(9000)
    assert.deepEqual(run.kids, ['b'])
    // Keys that were too old meanwhile are read anew from the document that they came with.
    run.answer = DOWN
    await run.pass(3 * MINUTE_MS)
    assert.deepEqual(run.kids, [])
    run.answer = published(B)
    await run.pass(MINUTE_MS)
    assert.deepEqual(run.kids, ['b'])
  })
})
