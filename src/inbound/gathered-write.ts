import type { Writable } from 'node:stream'
import { holdWrites } from './held-writes.ts'

/** Up to this size a copy into one string costs less than another entry of a gathered write. */
const JOIN_MAX_BYTES = 4096

/** Writes text of one character per byte, together with what others write now. False asks to wait for `drain`. */
export function writeText(socket: Writable, text: string): boolean {
  holdWrites(socket)
  return socket.write(text, 'latin1')
}

/**
 * Writes text (one character per byte), bytes and text in one go. False where the caller should wait for `drain`.
 */
export function writeGathered(socket: Writable, head: string, bytes: Buffer, tail: string): boolean {
  if (bytes.length <= JOIN_MAX_BYTES) return writeText(socket, head + bytes.toString('latin1') + tail)
  if (head === '' && tail === '') return socket.write(bytes)
  socket.cork()
  if (head !== '') socket.write(head, 'latin1')
  let goesOn = socket.write(bytes)
  if (tail !== '') goesOn = socket.write(tail, 'latin1')
  socket.uncork()
  return goesOn
}
