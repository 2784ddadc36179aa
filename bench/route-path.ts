/** Beginning of the paths of one of many routes. */
export function routePath(index: number): string {
  return `/${String(index).padStart(5, '0')}/`
}
