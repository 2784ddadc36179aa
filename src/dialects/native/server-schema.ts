import { z } from 'zod'
import { parseListenAddress } from './address.ts'
import { MAX_WORKERS } from './max-workers.ts'
import { count, duration, HOUR_MS, size, textOf } from './quantity.ts'
import { section } from './section.ts'

const file = z.string().min(1).meta({ title: 'file' })

export const listenerSchema = section({
  address: textOf('address', '127.0.0.1:8080', parseListenAddress).describe(
    'Address and port: `127.0.0.1:8080`, `[::1]:8080`, or `:8080` for every address of the machine.',
  ),
  tls: section({
    certificates: z
      .array(
        section({
          cert: file.describe('File of the certificate and its chain, PEM.'),
          key: file.describe('File of its private key, PEM.'),
        }),
      )
      .min(1)
      .describe('The client gets the one whose names hold the host it asks for, or else the first.'),
    minVersion: z
      .literal(['1.2', '1.3', 1.2, 1.3])
      // TLS 1.2 is the oldest that RFC 8996 leaves, and the only one some old clients speak.
      .default('1.2')
      .describe('The oldest TLS version to speak.'),
    clientCa: file
      .optional()
      .describe(
        'File of the authorities whose clients are believed, PEM. Their SPIFFE name is `source.principal` of policies.',
      ),
    clientCertificate: z
      .enum(['required', 'optional'])
      .optional()
      .describe('With `clientCa`: whether a client must show a certificate; `required` if not given.'),
  })
    .optional()
    .describe('Speaks HTTPS on this address. Without it, plain HTTP.'),
})

export const adminSchema = section({
  address: textOf('address', '127.0.0.1:9901', parseListenAddress).describe(
    'Address and port, as those of a listener. Nobody is asked for a password: keep it on `127.0.0.1` or `[::1]`.',
  ),
})

export const httpSchema = section({
  // Most backends read `//admin` as `/admin`; a rule about the one must hold for the other.
  mergeSlashes: z
    .boolean()
    .default(true)
    .describe('Whether `//` in a path becomes `/` before it is matched and forwarded.'),
  // What is one segment here may be two in the backend, past the rule.
  encodedSlashes: z
    .enum(['refuse', 'keep'])
    .default('refuse')
    .describe('What to do with `%2f` and `%5c` in a path.'),
})

export const limitsSchema = section({
  // Tokens of 2 KiB are long; the largest that identity providers are known to make have some 12 KiB.
  maxTokenBytes: size({ minBytes: 256, maxBytes: 64 * 1024 })
    .prefault('16KiB')
    .describe('Longest token.'),
  // A form is held in memory while its token is looked for; uploads belong on routes without form parameters.
  maxFormBytes: size({ minBytes: 1024, maxBytes: 64 * 1024 * 1024 })
    .prefault('1MiB')
    .describe('Largest body that is read as a form.'),
  // Twice the longest token leaves room for cookies.
  maxHeadBytes: size({ minBytes: 1024, maxBytes: 1024 * 1024 })
    .prefault('32KiB')
    .describe('Request line and header fields together.'),
  // Browsers send twenty.
  maxHeaders: count({ min: 8, max: 2000 }).default(100).describe('Header fields of one request.'),
  // Each costs some 20 KiB and two file descriptors.
  maxConnections: count({ min: 1, max: 1_000_000 })
    .default(10_000)
    .describe('Client connections at one time.'),
})

export const timeoutsSchema = section({
  // A head fits into a few packets; who needs longer for it is holding the connection, not sending.
  head: duration({ maxMs: HOUR_MS })
    .prefault('10s')
    .describe('Longest time for the head of a request to arrive.'),
  // A phone that changes its network is back within half a minute.
  body: duration({ maxMs: HOUR_MS })
    .prefault('30s')
    .describe('Longest silence within the body of a request.'),
  // Longer than the 60 seconds of load balancers, so that it is never the gateway that hangs up on a new request.
  idle: duration({ maxMs: HOUR_MS })
    .prefault('75s')
    .describe('Longest wait for the next request of a connection.'),
  // Kubernetes kills a pod after 30 seconds.
  drain: duration({ maxMs: HOUR_MS })
    .prefault('25s')
    .describe('Longest time for requests to end when the gateway stops.'),
})

export const logSchema = section({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What is written down at all.'),
  access: z.boolean().default(true).describe('One line for each request.'),
  // The reason stands in every line; the steps to it cost each request, refused or not, and `explain` has them anyway.
  steps: z
    .enum(['off', 'refused', 'all'])
    .default('off')
    .describe('Whose steps stand in the log: of no request, of refused ones, or of all.'),
})

// One, since what a process holds by itself (functions' own state, connections to backends) is then held once, and one core
// serves more requests than most services have.
export const workersSchema = z
  .union([
    count({ min: 1, max: MAX_WORKERS }),
    z.literal('auto', { error: 'must be a whole number or `auto`' }),
  ])
  .default(1)
  .describe(
    'How many processes serve, or `auto` for one on each core. With several, a crash costs the requests of one alone, and ' +
      'another takes its place. Both kinds of `maxConnections` are divided among them, and each runs the functions.',
  )
