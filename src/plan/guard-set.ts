import { ConditionIndex } from '../policy/index.ts'
import { coverOf, Covers, joinCovers, type Cover } from './cover.ts'
import type { Authentication, Guard } from './plan.ts'
import type { ConditionSpec } from './spec.ts'

/** Why one guard does or does not ask for a token, for `explain`. */
export interface Coverage {
  readonly guard: Guard
  readonly needs: boolean
  /** The condition that lists the request; undefined where none does or the mode has none. */
  readonly condition: ConditionSpec | undefined
}

/** More different covers than any set of rules gives in practice; past it the table starts anew. */
const MAX_COVERS = 1024

/** One condition, and the place among the guards of the one that has it. */
interface Listing {
  readonly index: number
  readonly condition: ConditionSpec
}

/** A guard that a request may be listed by. One object for all of its conditions, so that it is at hand. */
interface Listed {
  /** Its place among the guards. */
  readonly index: number
  /** What is asked of a request that this guard alone lists; undefined until there was one. */
  alone: Cover | undefined
}

/**
 * Guards that stand together: a route's own, or the global ones. Which of them cover a request is one look-up in a
 * common index, so that a thousand authentications cost a request no more than one (design §3).
 */
export class GuardSet {
  readonly guards: readonly Guard[]
  readonly #conditions: ConditionIndex<Listed> | undefined
  readonly #unlisted: Cover
  readonly #several = new Map<string, Cover>()
  /** The same for people, who ask which condition it was; made when one asks. */
  #told: ConditionIndex<Listing> | undefined

  constructor(guards: readonly Guard[], covers = new Covers()) {
    this.guards = guards
    this.#conditions = indexOf(guards, (index) => {
      const listed: Listed = { index, alone: undefined }
      return () => listed
    })
    const { required, asking } = this.#asking(new Set())
    this.#unlisted = covers.of(required, asking)
  }

  /** The one cover of all requests; undefined where it depends on the request. */
  get constant(): Cover | undefined {
    return this.#conditions === undefined ? this.#unlisted : undefined
  }

  /** Which guards speak for a request to `path` on `host`, both canonical. */
  cover(host: string, path: string): Cover {
    if (this.#conditions === undefined) return this.#unlisted
    const listed = this.#conditions.listing(host, path)
    const first = listed[0]
    if (first === undefined) return this.#unlisted
    return listed.length === 1 ? (first.alone ??= this.#coverOf(listed)) : this.#coverOfSeveral(listed)
  }

  /** The same, guard by guard and with the most specific condition of each, for people: one look-up too. */
  explain(host: string, path: string): readonly Coverage[] {
    this.#told ??= indexOf(this.guards, (index) => (condition) => ({ index, condition }))
    const listed = new Map<number, ConditionSpec>()
    for (const { index, condition } of this.#told?.listing(host, path) ?? []) {
      if (!listed.has(index)) listed.set(index, condition)
    }
    return this.guards.map((guard, index) => {
      const condition = listed.get(index)
      return { guard, needs: needsToken(guard, condition !== undefined), condition }
    })
  }

  #coverOfSeveral(listed: readonly Listed[]): Cover {
    let name = ''
    for (const { index } of listed) name += `${index},`
    const known = this.#several.get(name)
    if (known !== undefined) return known
    if (this.#several.size >= MAX_COVERS) this.#several.clear()
    const cover = this.#coverOf(listed)
    this.#several.set(name, cover)
    return cover
  }

  #coverOf(listed: readonly Listed[]): Cover {
    const { required, asking } = this.#asking(new Set(listed.map(({ index }) => index)))
    return coverOf(required, asking)
  }

  #asking(listed: ReadonlySet<number>): {
    readonly required: boolean
    readonly asking: readonly Authentication[]
  } {
    const needing = this.guards.filter((guard, index) => needsToken(guard, listed.has(index)))
    const required = needing.length > 0
    const asking = required
      ? needing
      : this.guards.filter((guard) => guard.spec.requirement.mode === 'optional')
    return { required, asking: asking.map(({ authentication }) => authentication) }
  }
}

/** A route's own guards beside the global ones, which all routes share. */
export class RouteGuards {
  readonly own: GuardSet
  readonly global: GuardSet
  /** What all of them ask of every request; undefined where that depends on the request. */
  readonly #constant: Cover | undefined

  constructor(own: GuardSet, global: GuardSet) {
    this.own = own
    this.global = global
    const [ofOwn, ofGlobal] = [own.constant, global.constant]
    if (ofOwn !== undefined && ofGlobal !== undefined) this.#constant = joinCovers(ofOwn, ofGlobal)
  }

  /** How many guards there are, whatever they ask of a request. */
  get size(): number {
    return this.own.guards.length + this.global.guards.length
  }

  /** What all of them ask of a request to `path` on `host`, both canonical. */
  cover(host: string, path: string): Cover {
    return this.#constant ?? joinCovers(this.own.cover(host, path), this.global.cover(host, path))
  }

  explain(host: string, path: string): readonly Coverage[] {
    return [...this.own.explain(host, path), ...this.global.explain(host, path)]
  }
}

/** All conditions of all guards, each with what `valueOf` says of it; undefined where there are none. */
function indexOf<T>(
  guards: readonly Guard[],
  valueOf: (index: number) => (condition: ConditionSpec) => T,
): ConditionIndex<T> | undefined {
  const entries = guards.flatMap((guard, index) => {
    const value = valueOf(index)
    return conditionsOf(guard).map((condition) => ({ condition, value: value(condition) }))
  })
  return entries.length === 0 ? undefined : new ConditionIndex(entries)
}

function conditionsOf(guard: Guard): readonly ConditionSpec[] {
  const { requirement } = guard.spec
  return requirement.mode === 'whitelist' || requirement.mode === 'blacklist' ? requirement.conditions : []
}

function needsToken(guard: Guard, listed: boolean): boolean {
  switch (guard.spec.requirement.mode) {
    case 'all':
      return true
    case 'whitelist':
      return !listed
    case 'blacklist':
      return listed
    case 'optional':
      return false
  }
}
