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

/**
 * The backends that are published now, a mutable cell. What is the same in the next plan keeps its connections; what
 * is not ends its own with their last response.
 */
export class UpstreamSet {
  readonly #dependencies: UpstreamDependencies
  #members: readonly Member[] = []
  /** One replacement after the other, or two could each make the same backend. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #retired = new Set<Promise<void>>()

  constructor(dependencies: UpstreamDependencies) {
    this.#dependencies = dependencies
  }

  /** Backends by name. Where one cannot be made its Fault is thrown, and the set stays as it was. */
  replace(specs: readonly BackendSpec[]): Promise<ReadonlyMap<string, Upstream>> {
    const replaced = this.#last.then(() => this.#replace(specs))
    this.#last = replaced.catch(() => {})
    return replaced
  }

  /** Ends idle connections now, and resolves when all others have ended with their last response. */
  async close(): Promise<void> {
    await this.replace([])
    await Promise.all(this.#retired)
  }

  async #replace(specs: readonly BackendSpec[]): Promise<ReadonlyMap<string, Upstream>> {
    const kept = new Map(this.#members.map((member) => [member.key, member]))
    const next: Member[] = []
    try {
      for (const spec of specs) {
        const key = await keyOf(spec)
        next.push(kept.get(key) ?? { key, upstream: await createUpstream(spec, this.#dependencies) })
      }
    } catch (cause) {
      for (const member of next) if (!kept.has(member.key)) this.#retire(member)
      throw cause
    }
    const stays = new Set(next)
    for (const member of this.#members) if (!stays.has(member)) this.#retire(member)
    this.#members = next
    return new Map(next.map(({ upstream }) => [upstream.name, upstream]))
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
