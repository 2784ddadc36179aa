import type { Configuration, ListenerSpec } from '../../config/index.ts'
import { explain } from '../../gateway/explain.ts'
import { randomUuid } from '../../kernel/uuid.ts'
import type { KeyStore } from '../../keys/index.ts'
import { keySourcesOf } from '../../plan/key-sources.ts'
import { fetchOnce } from '../keys/fetched-sources.ts'
import { buildPlan } from '../../plan/build.ts'
import { advise } from '../explain/advise.ts'
import { openCase, type Case } from '../explain/case.ts'
import { adviseListener } from '../explain/listener-advice.ts'
import { printExplanation } from '../explain/print-explanation.ts'
import { readRequest, type RequestOptions } from '../explain/read-request.ts'
import { loadConfiguration, type ConfigurationOptions } from '../load-configuration.ts'
import { printError, type ExitCode, type Terminal } from '../terminal.ts'

export interface ExplainOptions extends ConfigurationOptions, RequestOptions {
  /** The time to decide at, as `Date` reads it. */
  readonly at?: string
  readonly json?: boolean
}

/**
 * Tells what would become of one request, step by step, without sending it: exit 0 where it would be forwarded,
 * 1 where it would be refused, 2 where that cannot be said.
 */
export async function explainCommand(
  file: string,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const nowMs = options.at === undefined ? Date.now() : Date.parse(options.at)
  if (Number.isNaN(nowMs)) {
    printError(
      terminal,
      `\`${options.at ?? ''}\` is not a time`,
      'write it in UTC, such as 2026-01-31T12:00:00Z',
    )
    return 2
  }
  // Warnings are the matter of `check`; here they would stand before the answer.
  const configuration = await loadConfiguration(file, { ...options, warnings: false }, terminal)
  if (configuration === undefined) return 2
  const { listeners } = configuration.server
  const described = readRequest(await withInput(options, terminal), addressOf(listeners[0]))
  if (!described.ok) {
    const { message, hint } = described.error
    printError(terminal, message, hint ?? 'see `claimgate explain --help`')
    return 2
  }
  const { request, body } = described.value
  const plan = buildPlan(configuration.plan, await keysFor(configuration, terminal))
  const explanation = explain(plan, { request, body, nowMs, requestId: randomUuid() })
  const the = openCase(plan, { request, body, explanation, nowMs })
  const advice = [...advise(the), ...adviseListener(described.value, listeners)]
  if (options.json === true) terminal.out(`${JSON.stringify(asData(the, advice), withBase64, 2)}\n`)
  else printExplanation(terminal, the, advice)
  return explanation.outcome === 'forward' ? 0 : 1
}

/** Keys that are fetched are so now, by this command: a gateway that runs is not asked. */
async function keysFor({ plan }: Configuration, terminal: Terminal): Promise<KeyStore> {
  const specs = keySourcesOf(plan)
  if (specs.length > 0) terminal.err('fetching the keys…\n')
  const { store } = await fetchOnce(specs)
  return store
}

/** `-` in the place of the curl command or the token: what comes in, so that neither has to be quoted or remembered. */
async function withInput(options: ExplainOptions, terminal: Terminal): Promise<RequestOptions> {
  if (options.curl === '-') return { ...options, curl: await terminal.input() }
  return options.token === '-' ? { ...options, token: await terminal.input() } : options
}

function addressOf(listener: ListenerSpec | undefined): string {
  const { host, port } = listener ?? { host: '', port: 80 }
  const name = ['', '0.0.0.0', '::'].includes(host) ? 'localhost' : host
  return `${name.includes(':') ? `[${name}]` : name}:${port}`
}

function asData({ request, explanation, nowMs }: Case, advice: readonly string[]): object {
  const { method, authority, target, peer } = request
  const { outcome, code, reason, detail, steps, response, upstream } = explanation
  const at = new Date(nowMs).toISOString()
  return {
    at,
    request: { method, authority, target, peer },
    outcome,
    code,
    reason,
    detail,
    hints: advice,
    steps,
    response,
    upstream,
  }
}

/** Bytes have no JSON of their own. A Buffer brings its `toJSON`, which is called first. */
function withBase64(this: unknown, name: string, value: unknown): unknown {
  const own: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, name) : undefined
  return own instanceof Uint8Array ? Buffer.from(own).toString('base64') : value
}
