import { refuse, type Refusal } from '../../errors/refusal.ts'
import { CLIENT_GONE } from '../../inbound/client-gone.ts'
import { FieldList } from '../../http1/index.ts'
import type { Exchange, ResponseWatch } from '../../inbound/exchange.ts'
import type { FunctionBackendSpec } from '../../plan/spec.ts'
import type { Upstream, UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import { functionRequest } from './function-request.ts'
import { readFunctionAnswer, type FunctionAnswer } from './function-response.ts'
import { loadFunction, type FetchHandler } from './load-function.ts'

/** Told of what went wrong inside a function, with the error itself: for the log, never for the client. */
export type OnFunctionProblem = (backend: string, cause: unknown) => void

/**
 * Makes the backend of one function. Throws a Fault where the module cannot be loaded. A handler that throws, rejects,
 * hangs or returns nonsense costs its own request alone. What a function leaves running unawaited and what it does to
 * the process is beyond this: it shares the process.
 */
export async function createFunctionUpstream(
  spec: FunctionBackendSpec,
  onProblem: OnFunctionProblem,
): Promise<Upstream> {
  const handler = await loadFunction(spec)
  return {
    name: spec.name,
    send: (request, exchange, events) => {
      void new Invocation(spec, exchange, events, onProblem).run(handler, request)
    },
    // Nothing is kept open between requests.
    close: async () => {},
  }
}

/** One call of a function. INVARIANT: exactly one of `done`, `failed` and `broken` is reported. */
class Invocation implements ResponseWatch {
  readonly #spec: FunctionBackendSpec
  readonly #exchange: Exchange
  readonly #events: UpstreamEvents
  readonly #onProblem: OnFunctionProblem
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #reader: FunctionAnswer['body']
  #over = false

  constructor(
    spec: FunctionBackendSpec,
    exchange: Exchange,
    events: UpstreamEvents,
    onProblem: OnFunctionProblem,
  ) {
    this.#spec = spec
    this.#exchange = exchange
    this.#events = events
    this.#onProblem = onProblem
  }

  async run(handler: FetchHandler, upstreamRequest: UpstreamRequest): Promise<void> {
    const { response } = this.#exchange
    response.watch = this
    if (this.#over) return
    try {
      const request = functionRequest(upstreamRequest, this.#exchange, this.#abort.signal)
      if (!request.ok) return this.#finish({ ...request.error, by: this.#spec.name })
      this.#restartClock('the function did not answer within its `timeout`')
      const answer = readFunctionAnswer(await handler(request.value))
      if (!answer.ok) return this.#failed('bad-response', new Error(answer.error))
      this.#reader = answer.value.body
      if (this.#over) return this.#cancelBody()
      const { status, headers } = answer.value
      const bodiless = upstreamRequest.method === 'HEAD' || status === 204 || status === 304
      const length = answer.value.length ?? (this.#reader === undefined && !bodiless ? 0 : undefined)
      response.head(status, new FieldList(headers), length)
      this.#events.answered(status)
      if (bodiless) this.#cancelBody()
      else if (!(await this.#pass(length))) return
      if (this.#over) return
      response.end()
      this.#finish(undefined)
    } catch (cause) {
      this.#failed('threw', cause)
    }
  }

  /** Passes the body on; false where that is over already. */
  async #pass(length: number | undefined): Promise<boolean> {
    let bytes = 0
    while (this.#reader !== undefined) {
      this.#restartClock('the function was silent in the middle of its answer for longer than its `timeout`')
      const { done, value } = await this.#reader.read()
      if (this.#over) return false
      if (done) break
      if (!(value instanceof Uint8Array))
        throw new TypeError('the body of the Response holds something other than bytes')
      bytes += value.byteLength
      if (length !== undefined && bytes > length) throw new RangeError(LENGTH_MISMATCH)
      if (!this.#exchange.response.write(bufferOf(value))) await this.#drained()
    }
    if (length !== undefined && bytes !== length) throw new RangeError(LENGTH_MISMATCH)
    return true
  }

  #drained(): Promise<void> {
    // The client is the slow one: the engine's clock watches it.
    clearTimeout(this.#timer)
    return new Promise((resolve) => {
      this.#exchange.response.onDrain = resolve
      // Where the client goes away instead, nobody drains.
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #restartClock(detail: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#finish(refuse('GW_UPSTREAM_TIMEOUT', 'function-timeout', { by: this.#spec.name, detail }))
    }, this.#spec.timeoutMs)
  }

  #failed(reason: string, cause: unknown): void {
    // What a function makes of being aborted is no problem of its own.
    if (this.#over) return
    this.#onProblem(this.#spec.name, cause)
    const detail = 'the function failed; its error is in the log'
    this.#finish(refuse('GW_UPSTREAM_FUNCTION', reason, { by: this.#spec.name, detail }))
  }

  clientGone(): void {
    this.#finish(CLIENT_GONE)
  }

  /** Ends the call, once: well where `refusal` is undefined. */
  #finish(refusal: Refusal | undefined): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    const { response } = this.#exchange
    response.watch = undefined
    response.onDrain = undefined
    if (refusal === undefined) return this.#events.done()
    this.#abort.abort()
    this.#cancelBody()
    if (refusal !== CLIENT_GONE && !response.started) return this.#events.failed(refusal)
    response.abort()
    this.#events.broken(refusal)
  }

  #cancelBody(): void {
    // A stream may fail in its own cancellation; nobody is left to care.
    this.#reader?.cancel().catch(() => {})
    this.#reader = undefined
  }
}

const LENGTH_MISMATCH = 'the body of the Response is not as long as its Content-Length says'

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
