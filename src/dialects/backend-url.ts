import { err, ok, type Result } from '../kernel/result.ts'

/**
 * Reads the URL of a backend: `http:` or `https:`, a host, perhaps a port and a path that is put before the path of each
 * request. The answer has no final slash. A message never repeats a URL that holds a password.
 */
export function parseBackendUrl(text: string): Result<string, string> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    return err(
      'a backend URL cannot hold a user or password; who may call the backend is not decided by the gateway',
    )
  }
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return err(`${shown(text)} is not a URL of a backend; write one such as http://127.0.0.1:9000`)
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return err(`${shown(text)} has a query or fragment, which a backend URL cannot have`)
  }
  return ok(url.origin + url.pathname.replace(/\/+$/, ''))
}

function shown(text: string): string {
  return text.includes('@') ? 'this' : `\`${text}\``
}
