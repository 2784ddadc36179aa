import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { routePath } from './route-path.ts'

/** Enough to touch many parts of a large index, few enough for wrk to prepare at once. */
const PATHS = 10_000
/** Any number that shares no factor with the numbers of routes: steps of it visit them all, out of order. */
const STRIDE = 61_803

/**
 * Writes a file of paths, in no order, spread evenly over the routes. They are as many different ones for few routes as for
 * many: a path that comes again costs less, and that is not what is to be seen.
 */
export function manyRoutes(directory: string, routes: number): string {
  const file = join(directory, `paths-${routes}`)
  const paths = Array.from({ length: PATHS }, (_, index) => `${routePath((index * STRIDE) % routes)}${index}`)
  writeFileSync(file, `${paths.join('\n')}\n`)
  return file
}
