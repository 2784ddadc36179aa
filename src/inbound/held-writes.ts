import type { Writable } from 'node:stream'

/** A socket waits for no more than so many others, some hundred microseconds each at the very worst. */
const MAX_HELD = 32

let held: Writable[] = []
let heads: HeldHead[] = []
let scheduled = false

/** A head that leaves with the first piece of its body, or else alone. */
export interface HeldHead {
  flush(): void
}

/** Flushes a head when what is written in this turn of the event loop leaves. */
export function holdHead(head: HeldHead): void {
  heads.push(head)
  schedule()
}

/**
 * Holds what is written to a socket until all that came in the same turn of the event loop was looked at, and lets it
 * go with what others were written meanwhile. Each write may wake somebody who sleeps, on this machine or by a packet of
 * its own; those that leave together wake him once. Where only one socket has something to say it leaves at once.
 */
export function holdWrites(socket: Writable): void {
  if (socket.writableCorked > 0) return
  if (held.length === MAX_HELD) letGo()
  schedule()
  socket.cork()
  held.push(socket)
}

function schedule(): void {
  if (!scheduled) setImmediate(endTurn)
  scheduled = true
}

function endTurn(): void {
  scheduled = false
  const flushed = heads
  heads = []
  for (const head of flushed) head.flush()
  letGo()
}

function letGo(): void {
  const sockets = held
  held = []
  for (const socket of sockets) socket.uncork()
}
