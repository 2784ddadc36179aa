import type { WireFields } from './fields.ts'
import type { HttpProblem } from './problem.ts'

/** Where a decoder puts the content of a body, as ranges of the bytes that were pushed: nothing is copied. */
export interface BodySink {
  /**
   * Content at `start` to `end` of `bytes`, never empty. A caller that keeps it past its own read buffer's reuse copies
   * it, one that writes it on takes `bytes.subarray(start, end)`; a small one may go out in one string with its head.
   */
  data(bytes: Buffer, start: number, end: number): void
}

/** Reads one body off a connection. Made for one message. */
export interface BodyDecoder {
  /** The body is complete, and what follows belongs to the next message. */
  readonly done: boolean
  /** Why no more is read. Content given to the sink before stays given: the message is to be cut off. */
  readonly problem: HttpProblem | undefined
  /** The trailer fields of a chunked body, once it is done (RFC 9112 §7.1.2). */
  readonly trailers: WireFields
  /** Takes bytes from `start` to `end`, gives their content to `sink`, and returns how many of them it took. */
  push(bytes: Buffer, start: number, end: number, sink: BodySink): number
  /** The peer has ended the connection: completes a body that ends so, and is a problem for any other not done. */
  finish(): HttpProblem | undefined
}
