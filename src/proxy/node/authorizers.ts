import { Pool, type Dispatcher } from 'undici'
import type { ExternalAnswer, ExternalChecks, ExternalQuestion, ExternalResponse } from '../../authz/index.ts'
import { headerValues } from '../../inbound/fields/headers.ts'
import { Wait } from '../../kernel/wait.ts'
import type { Checkpoint } from '../../plan/checkpoint.ts'
import type { ExternalAuthorizerSpec } from '../../plan/checkpoint-spec.ts'

/** The services that the policies of one plan ask. Nothing is connected before the first question. */
export class Authorizers {
  readonly #services: ReadonlyMap<string, Service>

  constructor(specs: readonly ExternalAuthorizerSpec[]) {
    this.#services = new Map(specs.map((spec) => [spec.name, new Service(spec)]))
  }

  /** What asks for one request, and remembers what it was told. */
  forRequest(): ExternalChecks {
    return this.#services.size === 0 ? NOBODY_TO_ASK : new RequestChecks(this.#services)
  }

  /** Ends idle connections now, and the others with their last answer. */
  async close(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.close()))
  }
}

const NOBODY_TO_ASK: ExternalChecks = {
  ask() {
    throw new Error('a policy names an authorizer that the plan does not have')
  },
}

class RequestChecks implements ExternalChecks {
  readonly #services: ReadonlyMap<string, Service>
  readonly #answers = new Map<Checkpoint, ExternalAnswer>()

  constructor(services: ReadonlyMap<string, Service>) {
    this.#services = services
  }

  ask(
    checkpoint: Checkpoint,
    authorizer: ExternalAuthorizerSpec,
    question: ExternalQuestion,
  ): ExternalAnswer | Wait {
    const known = this.#answers.get(checkpoint)
    if (known !== undefined) return known
    const service = this.#services.get(authorizer.name)
    if (service === undefined) return NOBODY_TO_ASK.ask(checkpoint, authorizer, question)
    return new Wait('the answer of an external authorizer', (done) => {
      void this.#askAndRemember(checkpoint, service, question).finally(done)
    })
  }

  async #askAndRemember(checkpoint: Checkpoint, service: Service, question: ExternalQuestion): Promise<void> {
    this.#answers.set(checkpoint, await service.ask(question))
  }
}

/** Questions that may wait for a free connection, for each that there is: more would only come too late. */
const WAITING_PER_CONNECTION = 4
const MAX_BODY_BYTES = 64 * 1024
/** Fields of a refusal that the client needs to go on. */
const REFUSAL_FIELDS: ReadonlySet<string> = new Set([
  'content-type',
  'location',
  'set-cookie',
  'www-authenticate',
  'retry-after',
])

class Service {
  readonly #spec: ExternalAuthorizerSpec
  readonly #pool: Pool
  readonly #prefix: string
  readonly #failed: ExternalAnswer
  #underWay = 0

  constructor(spec: ExternalAuthorizerSpec) {
    const url = new URL(spec.url)
    this.#spec = spec
    this.#prefix = url.pathname.replace(/\/$/, '')
    this.#pool = new Pool(url.origin, {
      connections: spec.maxConnections,
      pipelining: 1,
      connectTimeout: spec.timeoutMs,
      headersTimeout: spec.timeoutMs,
      bodyTimeout: spec.timeoutMs,
      maxHeaderSize: MAX_BODY_BYTES,
    })
    const response = { status: spec.statusOnError, headers: [], body: '' }
    this.#failed = spec.failOpen
      ? { allowed: true, fields: [], assumed: false }
      : { allowed: false, reason: 'external-failed', response }
  }

  /** Never rejects: a service that cannot be asked is an answer, too. */
  async ask(question: ExternalQuestion): Promise<ExternalAnswer> {
    if (this.#underWay >= this.#spec.maxConnections * (1 + WAITING_PER_CONNECTION)) return this.#failed
    this.#underWay++
    try {
      return await this.#answer(question, AbortSignal.timeout(this.#spec.timeoutMs))
    } catch {
      return this.#failed
    } finally {
      this.#underWay--
    }
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #answer(question: ExternalQuestion, signal: AbortSignal): Promise<ExternalAnswer> {
    const response = await this.#pool.request({
      method: question.method,
      path: this.#prefix + question.target,
      headers: this.#fieldsOf(question),
      responseHeaders: 'raw',
      signal,
    })
    const { statusCode } = response
    const headers = pairsOf(response.headers)
    const body = await bodyOf(response.body)
    if (statusCode >= 500) return this.#failed
    if (statusCode !== 200)
      return { allowed: false, reason: 'external-denied', response: refusalOf(statusCode, headers, body) }
    return { allowed: true, fields: this.#forwarded(headers), assumed: false }
  }

  #fieldsOf({ host, headers }: ExternalQuestion): string[] {
    const fields = host === '' ? [] : ['host', host]
    for (const name of this.#spec.sendHeaders)
      for (const value of headerValues(headers, name)) fields.push(name, value)
    return fields
  }

  #forwarded(headers: readonly string[]): readonly string[] {
    return this.#spec.forwardHeaders.flatMap((name) =>
      headerValues(headers, name).flatMap((value) => [name, value]),
    )
  }
}

/** With `responseHeaders: 'raw'` these are names and values in turn, whatever the type says. */
function pairsOf(raw: unknown): readonly string[] {
  if (!Array.isArray(raw)) return []
  return raw.map((text: unknown) => (Buffer.isBuffer(text) ? text.toString('latin1') : String(text)))
}

async function bodyOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    if (!Buffer.isBuffer(piece)) continue
    bytes += piece.length
    // Destroying it ends the connection, which is no loss: such a service is no authorizer.
    if (bytes > MAX_BODY_BYTES) throw new Error('the answer of an external authorizer is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** What is no refusal by itself is not to look like success, and a 304 could carry no body. */
function refusalOf(status: number, headers: readonly string[], body: string): ExternalResponse {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (REFUSAL_FIELDS.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '')
  }
  return {
    status: status < 300 || status === 304 ? 403 : status,
    headers: [...kept, 'Cache-Control', 'no-store'],
    body,
  }
}
