import {
  shownUrl,
  type FetchedSource,
  type FetchFailure,
  type KeyChanges,
  type KeySourceSpec,
} from '../../keys/index.ts'
import { openSources } from '../keys/fetched-sources.ts'
import { changeLines, failureLines, harmOf, keyText, spanText } from '../keys/key-text.ts'
import { sourcesOf } from '../keys/sources-of.ts'
import type { ConfigurationOptions } from '../load-configuration.ts'
import { paint, printable, type ExitCode, type Terminal } from '../terminal.ts'

export interface KeysWatchOptions extends ConfigurationOptions {
  /** How often, in milliseconds. */
  readonly every: number
  /** When to end by itself, in milliseconds from now. */
  readonly for?: number
}

/**
 * Prints what changes as sources of keys rotate, until it is stopped. Exit 1 where a change refuses tokens that were good
 * before, or a source cannot be fetched; 2 where no source is named.
 */
export async function keysWatchCommand(
  target: string,
  { every, for: duration, ...options }: KeysWatchOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const specs = await sourcesOf(target, options, terminal)
  if (specs === undefined) return 2
  const stopped = untilStopped(duration)
  const watch = new Watch(terminal)
  const sources = openSources(
    specs.map((spec) => askedEvery(spec, every)),
    watch,
  )
  terminal.err(`each source is fetched about every ${spanText(every)}; Ctrl-C ends this\n`)
  // What is fetched by itself would not keep the process.
  const alive = setInterval(() => {}, LONG_MS)
  await stopped
  clearInterval(alive)
  for (const source of sources) source.close()
  return watch.isHarmed ? 1 : 0
}

const LONG_MS = 2 ** 30

function askedEvery(spec: KeySourceSpec, everyMs: number): KeySourceSpec {
  return { ...spec, refreshMs: everyMs, minRefreshMs: everyMs, maxRefreshMs: everyMs }
}

function untilStopped(duration: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    if (duration !== undefined) setTimeout(resolve, duration)
  })
}

class Watch {
  isHarmed = false
  readonly #terminal: Terminal
  readonly #met = new Set<string>()
  /** What was said last of each source that cannot be fetched. */
  readonly #failing = new Map<string, string>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  news(): void {}

  fetched(source: FetchedSource, changes: KeyChanges): void {
    const { id, spec, held } = source
    const keys = held?.keys ?? []
    const isBack = this.#failing.delete(id)
    if (!this.#met.has(id)) {
      this.#met.add(id)
      this.#say(
        source,
        `${shownUrl(spec.url)} has ${keys.length} usable ${keys.length === 1 ? 'key' : 'keys'}`,
      )
      for (const { key } of keys) this.#line(`  ${printable(keyText(key))}`)
      for (const { message } of held?.skipped ?? [])
        this.#line(`  ${paint(this.#terminal, 'yellow', 'skipped:')} ${printable(message)}`)
      if (keys.length === 0) this.#harm(['no usable key: every token is refused'])
      return
    }
    const lines = changeLines(this.#terminal, changes)
    if (isBack && lines.length === 0) return this.#say(source, 'can be fetched again, with the same keys')
    if (lines.length === 0) return
    this.#say(source, `has ${keys.length} usable ${keys.length === 1 ? 'key' : 'keys'} now`)
    for (const line of lines) this.#line(`  ${line}`)
    this.#harm(harmOf(changes, keys.length))
  }

  failed(source: FetchedSource, { message }: FetchFailure, nextTryInMs: number): void {
    this.isHarmed = true
    // The same failure again and again says nothing new.
    if (this.#failing.get(source.id) === message) return
    this.#failing.set(source.id, message)
    const [first = '', ...more] = failureLines(this.#terminal, source)
    this.#say(source, `${first}; next try in ${spanText(nextTryInMs)}`)
    for (const line of more) this.#line(`  ${line}`)
  }

  #harm(harm: readonly string[]): void {
    for (const each of harm) {
      this.isHarmed = true
      this.#line(`  ${paint(this.#terminal, 'red', 'harm:')} ${each}`)
    }
  }

  #say({ spec }: FetchedSource, text: string): void {
    const time = new Date().toISOString().slice(11, 19)
    this.#line(
      `${paint(this.#terminal, 'dim', time)} ${paint(this.#terminal, 'bold', printable(spec.name))}: ${text}`,
    )
  }

  #line(text: string): void {
    this.#terminal.out(`${text}\n`)
  }
}
