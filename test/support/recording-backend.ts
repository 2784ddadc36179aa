import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface RecordingBackend {
  readonly url: string
  /** All requests so far, oldest first. */
  readonly requests: readonly RecordedRequest[]
  last(): RecordedRequest
  close(): Promise<void>
}

/** A real backend that keeps what it gets, and answers 200 `ok` or as told. */
export function startRecordingBackend(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end('ok'),
): Promise<RecordingBackend> {
  const requests: RecordedRequest[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      requests.push({
        method: request.method!,
        url: request.url!,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(pieces),
      })
      answer(request, response)
    })
  })
  // A test that fails before it can close it must not hang.
  server.unref()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        requests,
        last: () => requests.at(-1)!,
        close: () =>
          new Promise<void>((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}

/** The values of one header as UTF-8 text. */
export function headerOf(request: RecordedRequest, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]!.toLowerCase() === name.toLowerCase()) {
      values.push(Buffer.from(request.rawHeaders[i + 1]!, 'latin1').toString('utf8'))
    }
  }
  return values
}
