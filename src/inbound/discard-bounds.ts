/**
 * How much of an unwanted body is read so that the connection can serve on: about what is under way already when a
 * client learns of an early answer (a send buffer), so closing instead would cost the client a new connection.
 */
export const DISCARD_MAX_BYTES = 64 * 1024
/** How long that may take: a few round trips over a bad mobile network. */
export const DISCARD_MAX_MS = 1000
