import type { BodyDecoder, BodySink } from './body-decoder.ts'
import { ChunkedDecoder } from './chunked.ts'
import { NO_FIELDS } from './fields.ts'
import type { BodyFraming } from './framing.ts'
import type { HttpLimits } from './limits.ts'
import { httpProblem, type HttpProblem } from './problem.ts'
import type { ForbiddenTrailers } from './trailers.ts'

/**
 * The decoder for a body that is framed so. For `none` it is done before it begins. Trailer fields that only a header
 * may be (RFC 9110 §6.5.1) are a problem, or come through for the caller to leave out.
 */
export function createBodyDecoder(
  framing: BodyFraming,
  limits: HttpLimits,
  forbiddenTrailers: ForbiddenTrailers = 'refuse',
): BodyDecoder {
  switch (framing.kind) {
    case 'none':
      return NO_BODY
    case 'length':
      return new LengthDecoder(framing.length)
    case 'chunked':
      return new ChunkedDecoder(limits, forbiddenTrailers)
    case 'until-close':
      return new UntilCloseDecoder()
  }
}

class LengthDecoder implements BodyDecoder {
  done: boolean
  problem: HttpProblem | undefined = undefined
  readonly trailers = NO_FIELDS
  #rest: number

  constructor(length: number) {
    this.#rest = length
    this.done = length === 0
  }

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const taken = Math.min(end - start, this.#rest)
    if (taken <= 0 || this.problem !== undefined) return 0
    this.#rest -= taken
    this.done = this.#rest === 0
    sink.data(bytes, start, start + taken)
    return taken
  }

  finish(): HttpProblem | undefined {
    if (!this.done) this.problem = httpProblem('body-incomplete')
    return this.problem
  }
}

/** One for all: there is nothing that it could remember. */
const NO_BODY: BodyDecoder = {
  done: true,
  problem: undefined,
  trailers: NO_FIELDS,
  push: () => 0,
  finish: () => undefined,
}

class UntilCloseDecoder implements BodyDecoder {
  done = false
  readonly problem = undefined
  readonly trailers = NO_FIELDS

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    if (this.done || start >= end) return 0
    sink.data(bytes, start, end)
    return end - start
  }

  finish(): HttpProblem | undefined {
    this.done = true
    return undefined
  }
}
