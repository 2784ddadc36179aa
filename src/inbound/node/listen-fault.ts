import { Fault } from '../../errors/fault.ts'

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it or choose another port',
  EACCES: 'ports below 1024 need a privilege; choose a higher port',
  EADDRNOTAVAIL: 'this machine does not have that address; `0.0.0.0` and `::` stand for all of its own',
  ENOTFOUND: 'the name does not resolve; write an IP address',
}

/** Why an address cannot be listened on, for people. */
export function listenFault(host: string, port: number, cause: Error): Fault {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const hint = LISTEN_HINTS[code]
  return new Fault(`cannot listen on \`${place}\`: ${code}`, hint === undefined ? { cause } : { cause, hint })
}
