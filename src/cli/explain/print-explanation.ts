import { stringifyJson } from '../../kernel/json.ts'
import type { Explanation } from '../../gateway/explain.ts'
import type { InboundRequest } from '../../inbound/request.ts'
import type { Step } from '../../policy/index.ts'
import { paint, printable, type Colour, type Terminal } from '../terminal.ts'
import type { Case } from './case.ts'
import { compareFields } from './compare-fields.ts'
import { whenWords } from './when.ts'

const MARKS: Readonly<Record<Step['outcome'], readonly [string, Colour]>> = {
  passed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['–', 'dim'],
  noted: ['·', 'yellow'],
}

/** Prints a decision for a person: each step, what to do, then what the client or the backend gets. */
export function printExplanation(terminal: Terminal, the: Case, advice: readonly string[]): void {
  const { request, explanation } = the
  const line = `${request.method} ${request.authority}${request.target}`
  terminal.out(`${paint(terminal, 'bold', printable(line))}\n\n`)
  for (const step of explanation.steps) terminal.out(stepLine(terminal, step))
  terminal.out('\n')
  if (explanation.upstream === undefined) printRefusal(terminal, the, advice)
  else printForward(terminal, the, advice)
}

function stepLine(terminal: Terminal, { stage, outcome, message, origin }: Step): string {
  const [mark, colour] = MARKS[outcome]
  const from = origin === undefined ? '' : paint(terminal, 'dim', `  (${printable(origin)})`)
  return `  ${stage.padEnd(12)} ${paint(terminal, colour, mark)} ${printable(message)}${from}\n`
}

function printRefusal(terminal: Terminal, the: Case, advice: readonly string[]): void {
  const { response, code, reason, detail } = the.explanation
  terminal.out(`${paint(terminal, 'red', 'refused')}: ${response?.status ?? 0} ${code ?? ''}\n`)
  terminal.out(`  reason: ${reason ?? ''}${detail === undefined ? '' : `, ${printable(detail)}`}\n`)
  printAdvice(terminal, advice)
  printToken(terminal, the)
  terminal.out('  the client gets:\n')
  printPairs(terminal, response?.headers ?? [])
  terminal.out(`    ${paint(terminal, 'dim', printable((response?.body ?? '').trimEnd()))}\n`)
}

function printAdvice(terminal: Terminal, advice: readonly string[]): void {
  for (const each of advice) terminal.out(`  ${paint(terminal, 'cyan', 'hint:')} ${printable(each)}\n`)
}

function printForward(terminal: Terminal, the: Case, advice: readonly string[]): void {
  const { explanation, request, plan, route } = the
  if (explanation.upstream === undefined) return
  const backend = plan.spec.backends.find(({ name }) => name === route?.backend)
  const where =
    backend === undefined ? '' : backend.kind === 'http' ? backend.urls.join(', ') : backend.module
  terminal.out(`${paint(terminal, 'green', 'forwarded')} to \`${backend?.name ?? ''}\` (${where})\n`)
  printAdvice(terminal, advice)
  printToken(terminal, the)
  const { method, target, body } = explanation.upstream
  terminal.out(`  the backend gets (+ what the gateway says, - what it removes):\n`)
  terminal.out(`      ${printable(`${method} ${target}`)}\n`)
  printFields(terminal, request, explanation.upstream)
  if (body !== undefined)
    terminal.out(`      ${paint(terminal, 'dim', `(a form of ${body.length} bytes)`)}\n`)
}

function printFields(
  terminal: Terminal,
  request: InboundRequest,
  upstream: NonNullable<Explanation['upstream']>,
): void {
  for (const { change, name, value } of compareFields(request.headers, upstream.headers)) {
    const colour = change === '+' ? 'green' : change === '-' ? 'red' : 'dim'
    const text = fieldText(name, value)
    const shown = change === '+' ? text : shortened(text, MAX_KNOWN)
    terminal.out(`    ${paint(terminal, colour, `${change} ${shown}`)}\n`)
  }
}

/** What the client itself wrote needs only be recognised. */
const MAX_KNOWN = 80
/** A claim may be a list of a thousand groups. */
const MAX_CLAIM = 160

/** The claims that decide, in the order of RFC 7519 §4.1. */
const DECIDING = ['iss', 'sub', 'aud']
const TIMES = ['exp', 'nbf', 'iat']

/** What the token says of itself: the holder's own, so with its values. */
function printToken(terminal: Terminal, { token, nowMs, explanation }: Case): void {
  if (token?.header === undefined || token.claims === undefined) return
  const { header, claims } = token
  const isProven = explanation.steps.some(
    ({ stage, outcome }) => stage === 'signature' && outcome === 'passed',
  )
  terminal.out(`  the token says${isProven ? '' : ' (which anybody can write)'}:\n`)
  const line = (name: string, text: string): void =>
    terminal.out(`    ${name.padEnd(6)} ${paint(terminal, 'dim', shortened(printable(text), MAX_CLAIM))}\n`)
  const shownHeader = ['alg', 'kid', 'typ'].filter((name) => header[name] !== undefined)
  line('header', shownHeader.map((name) => `${name} ${stringifyJson(header[name] ?? null)}`).join(', '))
  for (const name of DECIDING) {
    const value = claims[name]
    if (value !== undefined) line(name, stringifyJson(value))
  }
  for (const name of TIMES) {
    const value = claims[name]
    if (value !== undefined) line(name, whenWords(value, nowMs))
  }
  if (claims['exp'] === undefined) line('exp', 'nothing: it never expires')
  const others = Object.keys(claims).filter((name) => !DECIDING.includes(name) && !TIMES.includes(name))
  if (others.length > 0) line('also', others.join(', '))
}

function shortened(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

function printPairs(terminal: Terminal, pairs: readonly string[]): void {
  for (let i = 0; i < pairs.length; i += 2) {
    terminal.out(`    ${paint(terminal, 'dim', fieldText(pairs[i] ?? '', pairs[i + 1] ?? ''))}\n`)
  }
}

/** Field values are bytes; what they spell is UTF-8 where it is UTF-8. */
function fieldText(name: string, value: string): string {
  return printable(`${name}: ${Buffer.from(value, 'latin1').toString('utf8')}`)
}
