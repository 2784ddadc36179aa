import assert from 'node:assert/strict'
import type { BodySource, ResponseSink } from '../../src/inbound/exchange.ts'

/** Where a refusal can be answered, and what is done there, in order; `onHead` may fail. */
export function refusable(onHead: () => void = () => {}): {
  readonly calls: unknown[]
  readonly body: BodySource
  readonly response: ResponseSink
} {
  const calls: unknown[] = []
  return {
    calls,
    body: {
      length: undefined,
      start: () => assert.fail(),
      resume: () => assert.fail(),
      discard: () => void calls.push('discard'),
    },
    response: {
      started: false,
      interim: () => assert.fail(),
      head(status, _, length) {
        calls.push(status, length)
        onHead()
      },
      write: (piece) => calls.push(piece.length) > 0,
      end: () => void calls.push('end'),
      abort: () => void calls.push('abort'),
      onDrain: undefined,
      watch: undefined,
    },
  }
}
