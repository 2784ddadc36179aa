import { RawClient } from './raw-http.ts'

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number
  /** Lower-case names; fields that stand several times are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes these bytes on a connection of their own and reads all that comes back until it is closed. */
export async function rawAnswer(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const client = await RawClient.connect(Number(new URL(url).port))
  client.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const answer = parseAnswer(await client.rest())
  client.socket.destroy()
  return answer
}

export interface RawRequest {
  readonly method?: string
  readonly target?: string
  readonly host?: string
  /** Lines as they stand, without line ends. */
  readonly fields?: readonly string[]
  readonly body?: string | Buffer
}

/** The bytes of a request after which the connection is to be closed. */
export function rawRequest({
  method = 'GET',
  target = '/',
  host = 'gateway.example',
  ...more
}: RawRequest): Buffer {
  const body = Buffer.isBuffer(more.body) ? more.body : Buffer.from(more.body ?? '', 'latin1')
  const fields = [...(more.fields ?? [])]
  const framed = fields.some((line) => /^(?:content-length|transfer-encoding):/i.test(line))
  if (more.body !== undefined && !framed) fields.push(`Content-Length: ${body.length}`)
  if (!fields.some((line) => /^connection:/i.test(line))) fields.push('Connection: close')
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) throw new Error(`no answer: ${JSON.stringify(text.slice(0, 200))}`)
  const [line = '', ...fields] = text.slice(0, end).split('\r\n')
  const headers: Record<string, string> = {}
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    const value = field.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return { status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4) }
}
