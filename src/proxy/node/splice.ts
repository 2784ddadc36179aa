import type { Duplex } from 'node:stream'

/** Where neither side has an idle timeout, half a connection alone is still not kept for ever. */
const HALF_CLOSED_MS = 60_000

export type SpliceEnd = 'ended' | 'client-broke' | 'backend-broke' | 'idle'

interface TimedDuplex extends Duplex {
  setTimeout(timeoutMs: number): unknown
}

/**
 * Moves bytes both ways until both sides have ended, with back-pressure. An end of one side is passed on and the other
 * direction goes on; an error, or a silence of `idleTimeoutMs` (0 for none) in both directions, ends both sides.
 * `onOver` is called once, with whether it was an orderly end or a break.
 */
export function splice(
  client: Duplex,
  backend: TimedDuplex,
  idleTimeoutMs: number,
  onOver: (end: SpliceEnd) => void,
): void {
  let over = false
  const finish = (end: SpliceEnd): void => {
    if (over) return
    over = true
    client.destroy()
    backend.destroy()
    onOver(end)
  }
  const halfClosed = (): void => {
    if (idleTimeoutMs === 0) backend.setTimeout(HALF_CLOSED_MS)
  }
  client.on('error', () => finish('client-broke'))
  backend.on('error', () => finish('backend-broke'))
  // What one side said last may still be on its way to the other.
  const closed = (side: Duplex, other: Duplex, broke: 'client-broke' | 'backend-broke'): void => {
    if (!wasWhole(side)) return finish(broke)
    other.end(() => finish('ended'))
    halfClosed()
  }
  client.on('close', () => closed(client, backend, 'client-broke'))
  backend.on('close', () => closed(backend, client, 'backend-broke'))
  client.on('end', halfClosed)
  backend.on('end', halfClosed)
  // Every byte of either direction passes the backend's socket, so its clock speaks for both.
  backend.setTimeout(idleTimeoutMs)
  backend.on('timeout', () => finish('idle'))
  client.pipe(backend)
  backend.pipe(client)
}

/** Whether both directions came to their end, so that nothing is missing. */
function wasWhole(side: Duplex): boolean {
  return side.readableEnded && side.writableFinished
}
