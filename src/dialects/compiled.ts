import type { Problem } from '../errors/problem.ts'
import type { AuthenticationSpec, BackendSpec, GuardSpec, RouteSpec } from '../plan/spec.ts'

/** What the compiler of a dialect gives; `config` joins the parts of all files to one plan. */
export interface Compiled {
  readonly backends: readonly BackendSpec[]
  readonly authentications: readonly AuthenticationSpec[]
  /** Global rules. */
  readonly guards: readonly GuardSpec[]
  readonly routes: readonly CompiledRoute[]
}

export interface CompiledRoute {
  readonly spec: RouteSpec
  /** The configuration says in so many words that nobody needs a token here, so that no warning is due. */
  readonly openOnPurpose: boolean
  /** What is said, in the words of the dialect, where nobody needs a token here after all and nobody said so. */
  readonly ifOpen: IfOpen
}

export interface IfOpen {
  /** error: the file says nothing of it, so that a half-written one would open the gateway. */
  readonly severity: Problem['severity']
  readonly hint: string
}

export const NOTHING_COMPILED: Compiled = { backends: [], authentications: [], guards: [], routes: [] }

/** Gives names that no other part of the plan has: files that are read as they are may use one name twice. */
export class NameBook {
  readonly #taken = new Set<string>()

  /** `wanted`, or `wanted-2` and so on where it is taken. */
  take(wanted: string): string {
    let name = wanted
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted}-${count}`
    this.#taken.add(name)
    return name
  }
}

/** Reads a file that a configuration refers to; the answer is its text, or in plain words why there is none. */
export interface FileReader {
  /** `reference` is relative to `from`, the file that it is written in. */
  read(from: string, reference: string): Promise<ReadFile | { readonly failed: string }>
}

export interface ReadFile {
  /** The path by which people are told of it. */
  readonly file: string
  readonly text: string
}
