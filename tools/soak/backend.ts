/**
 * The backend of the soak: answers each request with its path, and `/endless` with a body that is never over. Prints the
 * port that it listens on.
 */
import { createServer, type Socket } from 'node:net'

const PIECE = Buffer.alloc(65_536, 'x')
const ENDLESS_BYTES = 1_000_000_000_000

const server = createServer((socket) => {
  socket.on('error', () => {})
  let text = ''
  socket.on('data', (piece) => {
    text += piece.toString('latin1')
    let answers = ''
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const path = text.slice(text.indexOf(' ') + 1, text.indexOf(' ', text.indexOf(' ') + 1))
      text = text.slice(end + 4)
      if (path === '/endless') return pourOut(socket)
      answers += `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`
    }
    if (answers !== '') socket.write(answers, 'latin1')
  })
})

function pourOut(socket: Socket): void {
  const pump = (): void => {
    while (socket.writable && socket.write(PIECE)) {}
  }
  socket.on('drain', pump)
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${ENDLESS_BYTES}\r\n\r\n`)
  pump()
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`)
})
process.on('disconnect', () => process.exit())
