import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

/** An answer of a server of keys, honest or not. Without anything, it is 200 with an empty body. */
export interface KeyAnswer {
  readonly status?: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
  /** How long the head is waited for. */
  readonly headDelayMs?: number
  /** How long the second half of the body is waited for, after the first. */
  readonly bodyDelayMs?: number
  /** What comes after this is never sent, and the connection stays open. */
  readonly hangs?: 'before the head' | 'in the body'
  /** Never ends: after the body a space every so many milliseconds. JSON may end in spaces, so nothing is wrong with any of it. */
  readonly dripMs?: number
  /** The Content-Length that is said in place of the true one, or `none`: chunks. */
  readonly contentLength?: number | 'none'
}

/** Gives the answer as it says. Where the client goes away, the rest is not given. */
export async function giveAnswer(
  coming: KeyAnswer | Promise<KeyAnswer>,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.on('error', () => gone.abort())
  try {
    const answer = await coming
    if (answer.hangs === 'before the head') return
    await pause(answer.headDelayMs, gone.signal)
    writeHead(answer, response)
    await writeBody(answer, response, gone.signal)
  } catch (cause) {
    if (!gone.signal.aborted) throw cause
  }
}

function writeHead(answer: KeyAnswer, response: ServerResponse): void {
  const length = answer.contentLength ?? (answer.dripMs === undefined ? bytesOf(answer).length : 'none')
  // Node counts what is written, and would say the truth by itself.
  response.strictContentLength = false
  response.writeHead(answer.status ?? 200, {
    ...answer.headers,
    ...(length === 'none' ? {} : { 'Content-Length': length }),
  })
}

async function writeBody(answer: KeyAnswer, response: ServerResponse, gone: AbortSignal): Promise<void> {
  const body = bytesOf(answer)
  const half = Math.ceil(body.length / 2)
  response.write(body.subarray(0, half))
  if (answer.hangs === 'in the body') return
  await pause(answer.bodyDelayMs, gone)
  if (half < body.length) response.write(body.subarray(half))
  while (answer.dripMs !== undefined) {
    await pause(answer.dripMs, gone)
    response.write(' ')
  }
  response.end()
  // Who was promised more bytes waits for them until the connection ends.
  if (typeof answer.contentLength === 'number' && answer.contentLength > body.length)
    response.socket?.destroySoon()
}

function bytesOf({ body = '' }: KeyAnswer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body
}

async function pause(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
  if (milliseconds !== undefined) await sleep(milliseconds, undefined, { signal })
}

/** This value as JSON. */
export function json(value: unknown, headers: OutgoingHttpHeaders = {}): KeyAnswer {
  return { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

export function redirect(location: string, status = 302): KeyAnswer {
  return { status, headers: { Location: location }, body: 'this way' }
}

/** The same answer compressed, whether the client asked for that or not. */
export function gzipped(answer: KeyAnswer): KeyAnswer {
  return {
    ...answer,
    headers: { ...answer.headers, 'Content-Encoding': 'gzip' },
    body: gzipSync(bytesOf(answer)),
  }
}

/** What a proxy or a captive portal puts in the place of keys, with a status that tells nothing. */
export const HTML: KeyAnswer = {
  headers: { 'Content-Type': 'text/html' },
  body: '<!doctype html><html><body><h1>Sign in</h1></body></html>',
}

export const TEN_MEGABYTES = 10 * 1024 * 1024

/** A key set that is right, with a member that nobody knows of ten megabytes. */
export function tenMegabytes(keys: object): KeyAnswer {
  return json({ ...keys, padding: 'a'.repeat(TEN_MEGABYTES) })
}
