import type { Refusal } from '../errors/refusal.ts'

/**
 * The client closed its connection before its request was answered. Nobody is left to read an answer; it is for the
 * log, where it must not look like a failure of the backend. The one instance: compare with `===`.
 */
export const CLIENT_GONE: Refusal = {
  code: 'GW_REQUEST_MALFORMED',
  reason: 'client-gone',
  detail: 'the client closed the connection before it was answered',
}
