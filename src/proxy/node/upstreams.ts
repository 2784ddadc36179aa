import type { BackendSpec, HttpBackendSpec } from '../../plan/spec.ts'
import type { Upstream } from '../upstream.ts'
import { functionVersion } from './load-function.ts'
import { createFunctionUpstream, type OnFunctionProblem } from './function-upstream.ts'

export interface UpstreamDependencies {
  readonly onProblem: OnFunctionProblem
  /** The engine's own. */
  readonly createHttpUpstream: (spec: HttpBackendSpec) => Upstream
}

/** Makes one backend. Throws a Fault where a function cannot be loaded; a URL is not connected to before it is used. */
export async function createUpstream(
  spec: BackendSpec,
  dependencies: UpstreamDependencies,
): Promise<Upstream> {
  return spec.kind === 'http'
    ? dependencies.createHttpUpstream(spec)
    : createFunctionUpstream(spec, dependencies.onProblem)
}

interface Member {
  readonly key: string
  readonly upstream: Upstream
}

/** Backends that are ready and not in use yet. One of the two is called, once; neither can fail. */
export interface Replacement {
  /** By name. */
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** They are the set from now on; those that are not among them end with their last response. */
  commit(): void
  /** The set stays as it was; those that were made for this one end. */
  abandon(): void
}

/**
 * The backends that are published now, a mutable cell. What is the same in the next plan keeps its connections; what
 * is not ends its own with their last response.
 */
export class UpstreamSet {
  readonly #dependencies: UpstreamDependencies
  #members: readonly Member[] = []
  /** One replacement after the other, each committed or abandoned, or two could each make the same backend. */
  #last: Promise<void> = Promise.resolve()
  readonly #retired = new Set<Promise<void>>()

  constructor(dependencies: UpstreamDependencies) {
    this.#dependencies = dependencies
  }

  /** Where one cannot be made its Fault is thrown, and the set stays as it was. */
  async prepare(specs: readonly BackendSpec[]): Promise<Replacement> {
    const before = this.#last
    const { promise, resolve: settled } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    try {
      const next = await this.#make(specs)
      const end = (members: readonly Member[], kept: ReadonlySet<Member>): void => {
        for (const member of members) if (!kept.has(member)) this.#retire(member)
        settled()
      }
      return {
        upstreams: new Map(next.map(({ upstream }) => [upstream.name, upstream])),
        commit: () => {
          const old = this.#members
          this.#members = next
          end(old, new Set(next))
        },
        abandon: () => end(next, new Set(this.#members)),
      }
    } catch (cause) {
      settled()
      throw cause
    }
  }

  /** Prepared and committed in one. */
  async replace(specs: readonly BackendSpec[]): Promise<ReadonlyMap<string, Upstream>> {
    const replacement = await this.prepare(specs)
    replacement.commit()
    return replacement.upstreams
  }

  /** Ends idle connections now, and resolves when all others have ended with their last response. */
  async close(): Promise<void> {
    await this.replace([])
    await Promise.all(this.#retired)
  }

  async #make(specs: readonly BackendSpec[]): Promise<readonly Member[]> {
    const kept = new Map(this.#members.map((member) => [member.key, member]))
    const made: Member[] = []
    try {
      for (const spec of specs) {
        const key = await keyOf(spec)
        made.push(kept.get(key) ?? { key, upstream: await createUpstream(spec, this.#dependencies) })
      }
      return made
    } catch (cause) {
      for (const member of made) if (!kept.has(member.key)) this.#retire(member)
      throw cause
    }
  }

  #retire({ upstream }: Member): void {
    const closed = upstream.close().finally(() => this.#retired.delete(closed))
    this.#retired.add(closed)
  }
}

/**
 * All of a spec but where it stands in which file, which changes with every line above it; of a function also the
 * state of its file.
 */
async function keyOf(spec: BackendSpec): Promise<string> {
  const { origin: _place, ...rest } = spec
  const version = spec.kind === 'function' ? await functionVersion(spec) : ''
  return version + JSON.stringify(rest, Object.keys(rest).sort())
}
