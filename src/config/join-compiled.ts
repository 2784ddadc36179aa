import type { Compiled } from '../dialects/compiled.ts'

/** Puts the parts of all files together, in the order of the files. */
export function joinCompiled(parts: readonly Compiled[]): Compiled {
  return {
    backends: parts.flatMap(({ backends }) => backends),
    authentications: parts.flatMap(({ authentications }) => authentications),
    guards: parts.flatMap(({ guards }) => guards),
    routes: parts.flatMap(({ routes }) => routes),
  }
}
