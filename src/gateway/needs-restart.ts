import type { Configuration } from '../config/index.ts'

/** Whether something changed that is read at the start alone. Certificates are not: they are swapped. */
export function needsRestart(before: Configuration, after: Configuration): boolean {
  const fixed = ({ server }: Configuration): string =>
    JSON.stringify({
      ...server,
      listeners: server.listeners.map(({ host, port, tls }) => ({
        host,
        port,
        minVersion: tls?.minVersion,
        clients: tls?.clients?.required,
      })),
    })
  return fixed(before) !== fixed(after)
}
