import type { TextMatch } from './string-match.ts'

/** What `{*}` and `{**}` stand for, beside the `/` of the latter; all else in a path they never match. */
const TAKEN = new Uint8Array(128)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()+,;:@=*") {
  TAKEN[char.charCodeAt(0)] = 1
}

/** Whether a path of a policy is a template. */
export function isPathTemplate(value: string): boolean {
  return value.includes('{*}') || value.includes('{**}')
}

/** What is wrong with a template, or undefined: `{*}` and `{**}` are whole segments, and `{**}` is the last of them. */
export function pathTemplateProblem(template: string): string | undefined {
  let rest = false
  for (const segment of trimSlashes(template).split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (rest) return 'nothing templated may follow `{**}`'
      rest = segment === '{**}'
      continue
    }
    if (segment.includes('{') || segment.includes('}'))
      return '`{*}` and `{**}` must be whole segments, and no other braces may stand in a path'
    if (segment === '' || segment.includes('*') || !isTaken(segment, 0, segment.length, false))
      return `the segment \`${segment}\` has characters that a template cannot have`
  }
  return undefined
}

/**
 * Matches a whole path: `{*}` is one segment that is not empty, `{**}` whatever is left, nothing included. By hand and
 * in one pass, so that no path costs more than its length.
 */
export function matchTemplate(template: string): TextMatch {
  const mark = template.indexOf('{**}')
  const head = (mark === -1 ? template : template.slice(0, mark)).split('{*}')
  const tail = mark === -1 ? '' : template.slice(mark + 4)
  return (path) => {
    const end = headEnd(path, head)
    if (end === -1) return false
    if (mark === -1) return end === path.length
    const tailStart = path.length - tail.length
    return tailStart >= end && path.endsWith(tail) && isTaken(path, end, tailStart, true)
  }
}

/** Where the literal texts of `head`, with one segment between each two, end at the start of the path; or -1. */
function headEnd(path: string, head: readonly string[]): number {
  let at = 0
  for (const [index, text] of head.entries()) {
    if (index > 0) {
      const start = at
      while (at < path.length && TAKEN[path.charCodeAt(at)] === 1) at++
      if (at === start) return -1
    }
    if (!path.startsWith(text, at)) return -1
    at += text.length
  }
  return at
}

function isTaken(text: string, start: number, end: number, slashes: boolean): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (TAKEN[code] !== 1 && !(slashes && code === 0x2f)) return false
  }
  return true
}

function trimSlashes(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) === 0x2f) start++
  while (end > start && text.charCodeAt(end - 1) === 0x2f) end--
  return text.slice(start, end)
}
