import { refuse, type Refusal } from '../../errors/refusal.ts'
import type { BodySource, Exchange } from '../../inbound/exchange.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { endToEnd } from '../hop-by-hop.ts'
import type { UpstreamRequest } from '../upstream.ts'

/** Methods that a web-standard Request cannot have, as it is made for browsers. */
const IMPOSSIBLE_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/**
 * The web-standard Request for a function. Its URL is that of the client: the scheme that X-Forwarded-Proto of the
 * rewritten request says, or the connection's own; the Host field; the target. Header values hold one character per
 * byte, as a Headers object has them: a claim in UTF-8 is read by
 * `new TextDecoder().decode(Uint8Array.from(value, (c) => c.charCodeAt(0)))`.
 */
export function functionRequest(
  request: UpstreamRequest,
  exchange: Exchange,
  signal: AbortSignal,
): Result<Request, Refusal> {
  const { method } = request
  if (IMPOSSIBLE_METHODS.has(method)) {
    return err(
      refuse('GW_ROUTE_METHOD', 'method-not-for-functions', { detail: 'a function cannot take this method' }),
    )
  }
  const headers = new Headers()
  const fields = endToEnd(request.headers)
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i] ?? '', fields[i + 1] ?? '')
  const url = requestUrl(request.target, headers, exchange.request.peer.tls)
  if (!url.ok) return url
  const init = { method, headers, signal }
  const body = requestBody(request, exchange.body)
  if (method === 'GET' || method === 'HEAD' || body === undefined) return ok(new Request(url.value, init))
  return ok(new Request(url.value, { ...init, body, duplex: 'half' }))
}

function requestUrl(target: string, headers: Headers, tls: boolean): Result<string, Refusal> {
  const claimed = headers.get('x-forwarded-proto')
  const scheme = claimed === 'http' || claimed === 'https' ? claimed : tls ? 'https' : 'http'
  // HTTP/1.0 clients may send no Host.
  const origin = `${scheme}://${headers.get('host') ?? 'localhost'}`
  if (!URL.canParse(origin) || new URL(origin).username !== '' || !URL.canParse(origin + target)) {
    return err(refuse('GW_REQUEST_MALFORMED', 'host', { detail: 'the Host field is not the host of a URL' }))
  }
  const url = new URL(origin + target)
  // INVARIANT: the function sees the very path that was matched. A URL would resolve `%2e%2e` and turn `\` into `/`.
  if (spelling(url.pathname + url.search) !== spelling(target)) {
    return err(
      refuse('GW_REQUEST_PATH', 'path-changes-as-url', { detail: 'the path would be another one as a URL' }),
    )
  }
  return ok(url.href)
}

/** Percent-encodes what the WHATWG URL standard encodes in a path or a query, so that both spellings compare equal. */
function spelling(pathAndQuery: string): string {
  const encoded = pathAndQuery.replace(
    /["'<>`{}^|]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  // A question mark with nothing after it is dropped by `search`.
  return encoded.endsWith('?') ? encoded.slice(0, -1) : encoded
}

function requestBody(
  { body }: UpstreamRequest,
  source: BodySource,
): Uint8Array<ArrayBuffer> | ReadableStream | undefined {
  if (body !== undefined) return new Uint8Array(body)
  return source.length === 0 ? undefined : streamOf(source)
}

/** The body of an exchange as a stream that asks the client for one piece whenever it is read. */
function streamOf(source: BodySource): ReadableStream<Uint8Array> {
  let started = false
  let over = false
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (started) return source.resume()
        started = true
        source.start({
          data(piece) {
            if (!over) controller.enqueue(piece)
            // `pull` is called again when this piece was taken.
            return over
          },
          end() {
            if (!over) controller.close()
            over = true
          },
          fail(refusal) {
            if (!over) controller.error(new Error(`the request body broke off: ${refusal.reason}`))
            over = true
          },
        })
      },
      cancel() {
        over = true
        source.discard()
      },
    },
    { highWaterMark: 0 },
  )
}
