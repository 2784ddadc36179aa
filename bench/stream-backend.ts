/**
 * The backend of the streams: every GET is an event stream that stays open and begins with one event; POST sends one
 * event down each. An event is the line `data: ~`, so that one byte counts one event.
 */
import { createServer, type ServerResponse } from 'node:http'

const EVENT = 'data: ~\n\n'
const streams = new Set<ServerResponse>()

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    for (const stream of streams) stream.write(EVENT)
    response.end()
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(EVENT)
  streams.add(response)
  response.on('close', () => streams.delete(response))
})
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 8192 })
