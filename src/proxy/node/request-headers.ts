import type { UpstreamRequest } from '../upstream.ts'
import type { Target } from './target.ts'

/** Fields that this hop writes itself, or that undici would refuse. `Expect` is answered by the gateway. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const OWN_LENGTHS: ReadonlySet<number> = new Set([...OWN].map((name) => name.length))

/**
 * The fields of the request to one URL: the given ones with one Host, and with the length of a body that is streamed.
 * `length` is undefined where there is no such body, or where it is chunked.
 */
export function backendHeaders(
  { headers }: Pick<UpstreamRequest, 'headers'>,
  target: Target,
  hostHeader: 'client' | 'backend',
  length: number | undefined,
): string[] {
  let host = hostHeader === 'backend' ? target.authority : undefined
  const fields = ['Host', '']
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    if (!OWN_LENGTHS.has(name.length)) {
      fields.push(name, value)
      continue
    }
    const lower = name.toLowerCase()
    if (!OWN.has(lower)) fields.push(name, value)
    else if (lower === 'host') host ??= value
  }
  // HTTP/1.0 clients may send none.
  fields[1] = host === undefined || host === '' ? target.authority : host
  if (length !== undefined) fields.push('Content-Length', String(length))
  return fields
}
