import type { ListenerSpec } from '../config/index.ts'

/** `http://127.0.0.1:8080`: a listener by the address that it has. */
export function addressText(
  { tls }: ListenerSpec,
  bound: { readonly address: string; readonly port: number },
): string {
  const host = bound.address.includes(':') ? `[${bound.address}]` : bound.address
  return `${tls === undefined ? 'http' : 'https'}://${host}:${bound.port}`
}
