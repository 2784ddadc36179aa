import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const MODULE = pathToFileURL(resolve(import.meta.dirname, '../fixtures/names.js')).href

/** An environment in which a program of Node resolves names so: what each look-up gives, one after the other; the last stays. */
export function resolving(
  names: Readonly<Record<string, readonly (readonly string[])[]>>,
): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${MODULE}`, TEST_NAMES: JSON.stringify(names) }
}
