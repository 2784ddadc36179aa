import type { Clock } from '../../src/kernel/clock.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'
import { rawAnswer, rawRequest, type RawAnswer, type RawRequest } from './raw-answer.ts'
import { startRecordingBackend, type RecordingBackend } from './recording-backend.ts'
import { createIssuer, type TestIssuer } from './tokens.ts'

/** A gateway before a backend that records, with the authentication `main` of one issuer. */
export interface GuardedGateway extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly backend: RecordingBackend
  readonly issuer: TestIssuer
  /** One request on a connection of its own. */
  send(request: RawRequest): Promise<RawAnswer>
}

export interface GuardedOptions {
  /** Members of the authentication `main` beside its keys, in YAML's flow style. */
  readonly main?: string
  /** Everything beside listeners, backends and authentications. */
  readonly rest?: string
  /** Further authentications, in YAML. */
  readonly authentications?: string
  readonly issuer?: TestIssuer
  readonly clock?: Clock
}

export async function startGuardedGateway(options: GuardedOptions = {}): Promise<GuardedGateway> {
  const issuer = options.issuer ?? (await createIssuer('ES256'))
  const backend = await startRecordingBackend()
  const main = options.main === undefined ? '' : `, ${options.main}`
  const gateway = await startTestGateway(
    `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${backend.url} } }
authentications:
  main: { keys: { jwks: ${JSON.stringify(issuer.jwks)} }${main} }
${options.authentications ?? ''}
${options.rest ?? 'routes: [{ path: /*, backend: backend, auth: main }]'}
`,
    options.clock === undefined ? {} : { clock: options.clock },
  )
  return {
    gateway,
    backend,
    issuer,
    send: (request) => rawAnswer(gateway.url, rawRequest(request)),
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await backend.close()
    },
  }
}

/** The public code of a refusal in problem details. */
export function codeOf({ body }: RawAnswer): string {
  const { code } = JSON.parse(body) as { readonly code?: string }
  return code ?? 'no code'
}
