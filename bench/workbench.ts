import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cores } from './cores.ts'
import type { Engines } from './contestants/claimgate.ts'
import type { Contestant } from './contestants/contestant.ts'
import type { Options } from './options.ts'
import type { Processes } from './processes.ts'
import { forgeTokens, jwks, makeKey, makeTokens, type Measured, type SigningKey } from './tokens.ts'

/** Everything that the rows share. */
export interface Workbench {
  readonly options: Options
  readonly cores: Cores
  readonly processes: Processes
  /** The files that this machine has of the programs in `requirements.ts`. */
  readonly programs: ReadonlyMap<string, string>
  /** A directory of this run alone, removed at its end. */
  readonly scratch: string
  readonly backend: Contestant
  /** `bin/claimgate.js` of the build that is measured. */
  readonly claimgate: string
  readonly engines: Engines
  readonly nowSeconds: number
  keys(alg: Measured): KeyFiles
}

/** A key of this run, and where its public half is for each gateway to read. */
export interface KeyFiles {
  readonly key: SigningKey
  readonly jwksFile: string
  readonly pemFile: string
}

/** Makes a key of each algorithm when it is first asked for. */
export function keyRing(scratch: string): (alg: Measured) => KeyFiles {
  const made = new Map<Measured, KeyFiles>()
  return (alg) => {
    const known = made.get(alg)
    if (known !== undefined) return known
    const key = makeKey(alg)
    const jwksFile = join(scratch, `${alg}.jwks.json`)
    const pemFile = join(scratch, `${alg}.pem`)
    writeFileSync(jwksFile, jwks(key))
    writeFileSync(pemFile, key.publicKey.export({ type: 'spki', format: 'pem' }))
    const files = { key, jwksFile, pemFile }
    made.set(alg, files)
    return files
  }
}

/**
 * More verified requests than any gateway here does on one core in a second. With as many tokens for each second, none is
 * sent twice.
 */
const MAX_NEW_PER_SECOND = 26_000
/** Enough for a second or so: they fill caches and warm the code before tokens that were never seen are measured. */
const WARM_UP_TOKENS = 8000

/** Files of tokens, made when first asked for and kept for the run. */
export class TokenFiles {
  readonly #bench: Workbench
  readonly #made = new Map<string, Promise<string>>()
  readonly directory: string

  constructor(bench: Workbench) {
    this.#bench = bench
    this.directory = join(bench.scratch, 'tokens')
    mkdirSync(this.directory, { recursive: true })
  }

  /** One token. */
  one(alg: Measured): Promise<string> {
    return this.#file(`${alg}.one`, () => this.#sign(alg, 1))
  }

  /** As many tokens as one measurement can use. */
  many(alg: Measured): Promise<string> {
    const count = MAX_NEW_PER_SECOND * this.#bench.options.measureSeconds
    return this.#file(`${alg}.many`, async () =>
      (await this.#sign(alg, count + WARM_UP_TOKENS)).slice(WARM_UP_TOKENS),
    )
  }

  /** Tokens that are none of `many`. */
  warmUp(alg: Measured): Promise<string> {
    return this.#file(`${alg}.warm`, () => this.#sign(alg, WARM_UP_TOKENS))
  }

  forged(alg: Measured, count: number): Promise<string> {
    const { key } = this.#bench.keys(alg)
    return this.#file(`${alg}.forged-${count}`, () =>
      Promise.resolve(forgeTokens(key, count, this.#bench.nowSeconds)),
    )
  }

  #sign(alg: Measured, count: number): Promise<string[]> {
    return makeTokens(this.#bench.keys(alg).key, count, this.#bench.nowSeconds)
  }

  #file(name: string, make: () => Promise<string[]>): Promise<string> {
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const file = join(this.directory, name)
    const made = make().then((tokens) => {
      writeFileSync(file, `${tokens.join('\n')}\n`)
      return file
    })
    this.#made.set(name, made)
    return made
  }
}
