import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'

/** A connection of HTTP/2 without TLS, by prior knowledge. */
export async function openHttp2(url: string): Promise<ClientHttp2Session> {
  const session = connect(url)
  // Who asks sees what is wrong by the answer that does not come.
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  return session
}

/** Asks for a path with a token and perhaps further fields; gives the status of the answer. */
export async function statusOf(
  session: ClientHttp2Session,
  path: string,
  token: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<number> {
  const stream = session.request({ ':path': path, authorization: `Bearer ${token}`, ...fields })
  stream.resume()
  const closed = once(stream, 'close')
  const [headers] = (await once(stream, 'response')) as [{ readonly ':status'?: number }]
  await closed
  return headers[':status'] ?? 0
}
