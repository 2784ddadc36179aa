import { z } from 'zod'
import type { Algorithm } from '../../jwt/index.ts'
import { LONGEST_FRESH_MS, LONGEST_STALE_MS } from '../../keys/index.ts'
import { err, ok } from '../../kernel/result.ts'
import { parseAddressBlock } from '../../policy/index.ts'
import { parseConnectAddress } from './address.ts'
import { count, duration, HOUR_MS, MINUTE_MS, size, textOf } from './quantity.ts'
import { exactlyOne, oneOrMore, section } from './section.ts'

const text = z.string().min(1)
const file = text.meta({ title: 'file' })

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'EdDSA',
] as const satisfies readonly Algorithm[]

const url = textOf('URL', 'https://idp.example.com/jwks.json', (written) => {
  const parsed = URL.parse(written)
  if (
    parsed === null ||
    (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') ||
    parsed.hostname === ''
  )
    return err('must be an http or https URL')
  if (parsed.username !== '' || parsed.password !== '')
    return err({
      message: 'the URL has a user or password in it',
      hint: 'leave it out; a client certificate says who asks',
    })
  if (parsed.hash !== '')
    return err({ message: 'the URL has a fragment', hint: 'leave out what begins with `#`' })
  return ok(parsed.href)
})

export const keySourceSchema = section({
  jwks: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe('A key set (RFC 7517): `{keys: [...]}`, or its JSON text.'),
  jwksFile: file.optional().describe('File of a key set.'),
  pem: text.optional().describe('A public key or certificate, PEM text.'),
  pemFile: file.optional().describe('File of a public key or certificate, PEM.'),
  url: url
    .optional()
    .describe(
      'URL of a key document, fetched again and again: a key set, one PEM block, or a JSON object of PEM texts by `kid`.',
    ),
  discovery: z
    .union([z.literal(true), url])
    .optional()
    .describe(
      'Fetches keys from where the metadata of `issuer` say (OpenID Connect Discovery): `true`, or the URL of the issuer or its metadata where that is another.',
    ),
  kid: text
    .optional()
    .describe('With `pem`, `pemFile` and a `url` of PEM: the key id that tokens name the key by.'),
  alg: z
    .enum(ALGORITHMS)
    .optional()
    .describe('With `pem`, `pemFile` and a `url` of PEM: the one algorithm to allow.'),
  // As often as Envoy does and Istio's own default is slower by a factor of four.
  refresh: duration({ maxMs: LONGEST_FRESH_MS })
    .prefault('5m')
    .describe(
      'How long fetched keys are fresh, where `Cache-Control` and `Expires` say nothing; `1s` at the least.',
    ),
  // A server that forbids caching still is not asked for every request.
  minRefresh: duration({ maxMs: LONGEST_FRESH_MS })
    .prefault('1m')
    .describe('The least that the server may say; `1s` at the least.'),
  // A key that leaked must be gone some day, whatever the server said before.
  maxRefresh: duration({ maxMs: LONGEST_FRESH_MS })
    .prefault('24h')
    .describe('The most that the server may say.'),
  timeout: duration({ maxMs: 5 * MINUTE_MS })
    .prefault('5s')
    .describe('Longest time of one fetch, with its redirects and metadata.'),
  // Less than a person waits at a login, and no load for any server.
  cooldown: duration({ maxMs: HOUR_MS })
    .prefault('5s')
    .describe('Least time between two fetches that unknown keys in tokens ask for; `1s` at the least.'),
  // A weekend is long; a day is enough for somebody to look at the log.
  serveStale: duration({ maxMs: LONGEST_STALE_MS, zero: true })
    .prefault('24h')
    .describe('How long the last good keys serve on, after they were fresh, while fetches fail.'),
  maxSize: size({ minBytes: 256, maxBytes: 16 * 1024 * 1024 })
    .prefault('64KiB')
    .describe('Largest document that is fetched.'),
  maxKeys: count({ min: 1, max: 10_000 }).default(100).describe('Most keys in it.'),
  redirectsTo: oneOrMore(
    textOf('host', 'keys.example.com', (host) => {
      const name = URL.parse(`https://${host}/`)?.host
      return name === undefined || name.includes(':') || /[/?#@\\*]/.test(host)
        ? err({
            message: `\`${host}\` is not a host`,
            hint: 'write a name or an address alone; every port of it is followed',
          })
        : ok(name)
    }),
  )
    .optional()
    .describe('Further hosts that a redirect may lead to. On its own host they are followed.'),
  allowAddresses: oneOrMore(
    textOf('address block', '10.0.0.0/8', (block) => {
      const parsed = parseAddressBlock(block)
      return parsed.ok ? ok(block) : parsed
    }),
  )
    .optional()
    .describe(
      'Blocks of private, loopback or link-local addresses that names may resolve to. An address that stands in `url` itself is allowed.',
    ),
  connectTo: oneOrMore(textOf('address', '10.0.0.7:8443', parseConnectAddress))
    .optional()
    .describe('Addresses to connect to, with their port, instead of asking for those of the host.'),
  serverName: text
    .optional()
    .describe('The name that the certificate must be for, where it is not the host of the URL.'),
  ca: file
    .optional()
    .describe("File of the authorities that sign the server's certificate, PEM, instead of the system's."),
  clientCertificate: section({
    cert: file.describe('File of the certificate and its chain, PEM.'),
    key: file.describe('File of its private key, PEM.'),
  })
    .optional()
    .describe('How the gateway shows who it is.'),
}).check(exactlyOne(['jwks', 'jwksFile', 'pem', 'pemFile', 'url', 'discovery']))
