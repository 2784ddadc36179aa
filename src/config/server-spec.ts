/**
 * What the process needs beyond the plan: where it listens, how much it takes on, what it writes down. Read once at
 * the start; a change of it needs a restart, while the plan is swapped in place.
 */
export interface ServerSpec {
  readonly engine: 'claimgate' | 'node'
  /** How many processes serve; `auto` for as many as there are cores. */
  readonly workers: number | 'auto'
  /** At least one. */
  readonly listeners: readonly ListenerSpec[]
  /** Where the gateway tells of itself; undefined where it does not, and counts no request. */
  readonly admin: AdminSpec | undefined
  readonly limits: ServerLimits
  readonly timeouts: ServerTimeouts
  readonly log: LogSpec
  readonly keyCache: KeyCacheSpec
}

/** Where the last good keys of each source outlive the process: nowhere, where the user's caches are, or a folder. */
export type KeyCacheSpec =
  | { readonly kind: 'none' | 'default' }
  | { readonly kind: 'folder'; /** Absolute. */ readonly path: string }

export interface ListenerSpec {
  /** An IP address or a name, without brackets; empty for every address of the machine. */
  readonly host: string
  /** 0 lets the system choose a free port. */
  readonly port: number
  readonly tls: TlsSpec | undefined
}

export interface AdminSpec {
  /** As of a listener. */
  readonly host: string
  readonly port: number
}

export interface TlsSpec {
  /** At least one. The first serves clients that name no host, or a host that no certificate has. */
  readonly certificates: readonly CertificateSpec[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Whose clients are believed by their certificates; absent where none are asked for. */
  readonly clients?: ClientCertificatesSpec
}

export interface ClientCertificatesSpec {
  /** PEM text of the authorities. */
  readonly ca: string
  /** Whether a client without a certificate is turned away, in the handshake. */
  readonly required: boolean
}

export interface CertificateSpec {
  /** The certificate and its chain, PEM text. */
  readonly certPem: string
  /** PEM text. SECRET: never printed, never exported. */
  readonly keyPem: string
}

export interface ServerLimits {
  /** Request line and header fields together. */
  readonly maxHeadBytes: number
  /** Header fields of one request. */
  readonly maxHeaders: number
  /** Client connections at one time, over all listeners. */
  readonly maxConnections: number
}

/** Zero is never a value here: each wait of the gateway for a client has an end. */
export interface ServerTimeouts {
  /** From the first byte of a request to the end of its head. */
  readonly headMs: number
  /** Between two pieces of a request's body. */
  readonly bodyIdleMs: number
  /** Between two requests of one connection. */
  readonly keepAliveIdleMs: number
  /** From the wish to stop to the end of the last request. */
  readonly drainMs: number
}

export interface LogSpec {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** One line for each request. */
  readonly access: boolean
  /** Whose steps go into the log: nobody's, those of refused requests, or everybody's. */
  readonly steps: 'off' | 'refused' | 'all'
}
