/** What one peer may make the codec hold or read before it is refused. All sizes are bytes on the wire. */
export interface HttpLimits {
  /** The whole head: start line, fields and the empty line. Beyond it: 431, or 414 where the target fills it. */
  readonly maxHeadBytes: number
  /** The request target. Beyond it: 414. */
  readonly maxTargetBytes: number
  /** Field lines in a head, and in a trailer section. Beyond it: 431. */
  readonly maxHeaders: number
  /** The method. Beyond it: 501 (RFC 9112 §3). */
  readonly maxMethodBytes: number
  /** The trailer section after a chunked body. Beyond it: 431. */
  readonly maxTrailerBytes: number
  /** All chunk extensions of one body together. Beyond it: 413. */
  readonly maxChunkExtensionBytes: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  // Twice what node:http takes, half of Envoy's: a token of the largest size that is accepted, and the cookies beside it.
  maxHeadBytes: 32_768,
  // nginx's figure, and just above the 8000 that RFC 9112 §3 asks every recipient to support.
  maxTargetBytes: 8192,
  // Envoy's default, and HAProxy's within one. Browsers send about twenty.
  maxHeaders: 100,
  // The longest registered method, UPDATEREDIRECTREF, has 17.
  maxMethodBytes: 32,
  // Checksums and gRPC status fit many times over; nothing in a trailer is ever needed to route or to verify.
  maxTrailerBytes: 4096,
  // node:http's figure. A sum over the body, since an extension on every one-byte chunk is the attack (CVE-2024-22019).
  maxChunkExtensionBytes: 16_384,
}
