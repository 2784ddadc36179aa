import { connect, type Socket } from 'node:net'
import { createHmac, randomBytes } from 'node:crypto'

const LANES = 32
/** Requests that one connection sends before it reads their answers. */
const PIPELINED = 8
/** Requests after which a lane begins on another connection. */
const PER_CONNECTION = 800

export interface Traffic {
  readonly port: number
  readonly secret: Buffer
}

/**
 * Sends so many requests, each with a path of its own, some with forged tokens, over connections that come and go, some
 * of them broken off. Throws where an answer is not that of its request. Calls `onProgress` with what is done.
 */
export async function sendRequests(
  traffic: Traffic,
  count: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0
  const good = signToken(traffic.secret)
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (let at = 0; at < count / LANES; at += PER_CONNECTION) {
        const requests = Math.min(PER_CONNECTION, count / LANES - at)
        // oxlint-disable-next-line no-await-in-loop -- a lane is one connection after the other
        await oneConnection(traffic, `${lane}-${at}`, good, requests)
        done += requests
        onProgress(done)
      }
    }),
  )
}

async function oneConnection(
  { port, secret }: Traffic,
  name: string,
  good: string,
  requests: number,
): Promise<void> {
  const reader = new AnswerReader(connect({ port, host: '127.0.0.1', noDelay: true }))
  for (let at = 0; at < requests; at += PIPELINED) {
    const paths = Array.from({ length: PIPELINED }, (_, n) => `/${name}-${at + n}`)
    const forged = (n: number): boolean => at % 160 === 0 && n === 3
    reader.socket.write(
      paths
        .map((path, n) => {
          const carried = forged(n) ? signToken(randomBytes(secret.length)) : good
          return `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${carried}\r\n\r\n`
        })
        .join(''),
      'latin1',
    )
    for (const [n, path] of paths.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- answers come in order
      const { status, body } = await reader.next()
      if (forged(n)) {
        if (status < 400) throw new Error(`a forged token was answered with ${status}`)
      } else if (status !== 200 || body !== path) {
        throw new Error(`${path} was answered with ${status} ${body.slice(0, 200)}`)
      }
    }
  }
  // Every other connection is broken off with a request under way.
  if (name.endsWith('00')) reader.socket.write('GET /broken HTTP/1.1\r\nHost: a\r\n')
  reader.socket.destroy()
}

/** Reads answers that have a Content-Length. */
class AnswerReader {
  readonly socket: Socket
  #text = ''
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (piece: Buffer) => {
      this.#text += piece.toString('latin1')
      this.#wake?.()
    })
    socket.on('error', () => this.#wake?.())
    socket.on('close', () => this.#wake?.())
  }

  async next(): Promise<{ readonly status: number; readonly body: string }> {
    for (;;) {
      const head = this.#text.indexOf('\r\n\r\n')
      const length = Number(/^content-length: (\d+)\r$/im.exec(this.#text.slice(0, head + 2))?.[1] ?? 0)
      if (head >= 0 && this.#text.length >= head + 4 + length) {
        const status = Number(this.#text.slice(9, 12))
        const body = this.#text.slice(head + 4, head + 4 + length)
        this.#text = this.#text.slice(head + 4 + length)
        return { status, body }
      }
      if (this.socket.destroyed) throw new Error('the gateway broke a connection off')
      // oxlint-disable-next-line no-await-in-loop -- until the answer is whole
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

export function signToken(secret: Buffer): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 86_400
  const input = `${part({ alg: 'HS256', kid: 'soak' })}.${part({ sub: 'soak', exp })}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
