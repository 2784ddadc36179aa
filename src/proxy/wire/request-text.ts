import { serializeRequestHead, type RequestBodyLength } from '../../http1/index.ts'
import type { UpstreamRequest } from '../upstream.ts'
import type { Origin } from './origin.ts'

/** Methods whose body has a meaning: some servers answer 411 where nothing says that it is empty (RFC 9110 §8.6). */
const MEANS_A_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** The head of a request to one URL as text, or undefined where something in it cannot be sent. */
export function requestText(
  { method, target, host, fields }: UpstreamRequest,
  { authority, basePath }: Origin,
  hostHeader: 'client' | 'backend',
  bodyLength: RequestBodyLength,
): string | undefined {
  // HTTP/1.0 clients may send no Host.
  const asked = hostHeader === 'backend' || host === '' ? authority : host
  const length = bodyLength === 'none' && MEANS_A_BODY.has(method) ? 0 : bodyLength
  return serializeRequestHead(method, basePath + target, asked, fields, length)
}
