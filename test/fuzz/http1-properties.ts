/** What must hold of the codec for whatever a seed generates. Each throws with its seed where it does not. */
import { deepEqual } from 'node:assert/strict'
import { METHODS } from 'node:http'

import {
  DEFAULT_HTTP_LIMITS,
  RequestGrammar,
  ResponseGrammar,
  type RequestHead,
} from '../../src/http1/index.ts'
import { cut, mutate, Random, request, response } from './http1-generate.ts'
import { readResponse, RequestOracle, type OracleMessage } from './http1-oracle.ts'
import { replayRequests, replayResponses, type ReplayedMessage } from './http1-replay.ts'

const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n'

/** Small enough for generated messages to run into every one of them. */
const TIGHT = {
  maxHeadBytes: 160,
  maxTargetBytes: 12,
  maxHeaders: 4,
  maxMethodBytes: 5,
  maxTrailerBytes: 12,
  maxChunkExtensionBytes: 6,
}

/** Shared by all runs, as an engine shares them by connections: what they remember must never show. */
const SHARED = [TIGHT, DEFAULT_HTTP_LIMITS].map((limits) => ({
  limits,
  requests: new RequestGrammar(limits),
  responses: new ResponseGrammar(limits),
}))

const oracle = new RequestOracle()

/** Pipelined requests have one outcome, however their bytes are cut. Returns how many were taken. */
export function checkRequestSplit(seed: number): number {
  const random = new Random(seed)
  const text = mutate(random, request(random) + (random.chance(0.1) ? '\r\n' : '') + request(random))
  const bytes = Buffer.from(text, 'latin1')
  const { limits, requests } = random.pick(SHARED)
  const whole = replayRequests([bytes], limits)
  deepEqual(replayRequests(cut(random, bytes), limits, requests), whole, because(seed, bytes))
  return whole.messages.length
}

/** Responses have one outcome, however their bytes are cut. Returns how many were taken. */
export function checkResponseSplit(seed: number): number {
  const random = new Random(seed)
  const methods = [random.pick(['GET', 'HEAD', 'POST']), 'GET']
  const bytes = Buffer.from(mutate(random, response(random) + response(random)), 'latin1')
  const { limits, responses } = random.pick(SHARED)
  const whole = replayResponses([bytes], methods, limits)
  deepEqual(replayResponses(cut(random, bytes), methods, limits, responses), whole, because(seed, bytes))
  return whole.messages.length
}

/**
 * Every request that is taken, node:http takes with the same method, target, fields, body and end.
 * Returns how many were compared.
 */
export async function checkRequestOracle(seed: number): Promise<number> {
  const random = new Random(seed)
  const bytes = Buffer.from(mutate(random, request(random)) + SENTINEL, 'latin1')
  const taken = replayRequests([bytes]).messages
  const exception = taken.findIndex(isException)
  const compared = exception < 0 ? taken : taken.slice(0, exception)
  if (compared.length === 0) return 0
  const theirs = await oracle.read(asPieces(bytes, taken))
  deepEqual(theirs.slice(0, compared.length), compared.map(asOracle), because(seed, bytes))
  return compared.length
}

/** Every response that is taken, node:http takes with the same status, fields and body. Returns how many were compared. */
export async function checkResponseOracle(seed: number): Promise<number> {
  const random = new Random(seed)
  const method = random.pick(['GET', 'GET', 'HEAD', 'POST'])
  const bytes = Buffer.from(mutate(random, response(random)), 'latin1')
  const taken = replayResponses([bytes], [method]).messages.find((message) => message.head.status >= 200)
  if (taken === undefined) return 0
  const theirs = await readResponse(bytes, method)
  const { status, reason, minor, headers } = taken.head
  const line = `${status} ${reason} 1.${minor}`
  const mine = { line, headers: [...headers], body: taken.body, trailers: taken.trailers }
  deepEqual(theirs, [mine], because(seed, bytes))
  return 1
}

/** Requests that this side takes and node:http does not, each with its reason. All else that is taken, both take. */
function isException(message: ReplayedMessage<RequestHead>): boolean {
  // llhttp knows the methods of a list; RFC 9110 §9.1 lets any token be one, and the routes decide.
  return !METHODS.includes(message.head.method)
}

/**
 * The bytes in a piece for each message that is taken, and one for the rest, which node:http must see as their own: if
 * it found another end, a message would be missing or have another body. It refuses a request that closes the
 * connection if more follows, so nothing does; this side leaves the rest unread.
 */
function asPieces(bytes: Buffer, messages: readonly ReplayedMessage<RequestHead>[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const message of messages) {
    pieces.push(bytes.subarray(at, message.end))
    at = message.end
  }
  if (messages.at(-1)?.head.keepAlive !== false) pieces.push(bytes.subarray(at))
  return pieces
}

function asOracle(message: ReplayedMessage<RequestHead>): OracleMessage {
  const { method, target, minor, headers } = message.head
  return {
    line: `${method} ${target} 1.${minor}`,
    headers: [...headers],
    body: message.body,
    trailers: message.trailers,
  }
}

function because(seed: number, bytes: Buffer): string {
  return `seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`
}
