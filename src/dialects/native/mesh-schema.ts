import { z } from 'zod'
import { err, ok } from '../../kernel/result.ts'
import type { PathNormalization } from '../../policy/index.ts'
import { parseBackendUrl } from '../backend-url.ts'
import { isToken } from '../field-names.ts'
import { count, duration, MINUTE_MS, textOf } from './quantity.ts'
import { section } from './section.ts'

const text = z.string().min(1)

export const namespaceSchema = textOf('namespace', 'default', (name) =>
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
    ? ok(name)
    : err(`\`${name}\` is not a namespace; it has lower-case letters, digits and \`-\``),
)

export const labelsSchema = z.record(z.string(), z.string())

const headerName = textOf('header', 'x-user', (name) => {
  const lower = name.toLowerCase()
  if (!isToken(name)) return err(`\`${name}\` is not a header name; use letters, digits and \`-\``)
  return FRAMING.has(lower) ? err(`\`${name}\` belongs to HTTP itself`) : ok(lower)
})

/** Fields that say how a message ends or where it goes. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const NORMALIZATIONS = {
  NONE: 'none',
  BASE: 'base',
  MERGE_SLASHES: 'merge-slashes',
  DECODE_AND_MERGE_SLASHES: 'decode-and-merge-slashes',
} as const satisfies Readonly<Record<string, PathNormalization>>

const extensionProviderSchema = section({
  url: textOf('URL', 'http://127.0.0.1:9001', parseBackendUrl).describe(
    'URL of the HTTP service. A path in it is put before the path of each request.',
  ),
  // A request waits for it before all else.
  timeout: duration({ maxMs: MINUTE_MS }).prefault('1s').describe('Longest wait for its answer.'),
  maxConnections: count({ min: 1, max: 65_535 })
    .default(64)
    .describe('Connections to it at one time; four requests may wait for each.'),
  sendHeaders: z
    .array(headerName)
    .prefault(['authorization', 'cookie'])
    .describe('Names of the request headers that it gets, beside method, path and `Host`.'),
  forwardHeaders: z
    .array(headerName)
    .prefault([])
    .describe("Names of headers of its 200 that the backend gets in place of the client's."),
  failOpen: z
    .boolean()
    .default(false)
    .describe('Whether requests go on where it does not answer, or with 5xx.'),
  statusOnError: count({ min: 400, max: 599 })
    .default(403)
    .describe('What the client gets where it does not answer, or with 5xx.'),
})

export const meshSchema = section({
  rootNamespace: namespaceSchema
    .prefault('istio-system')
    .describe('The namespace whose policies are for all workloads.'),
  gateway: section({
    namespace: namespaceSchema.prefault('istio-system').describe('The namespace that the gateway is in.'),
    labels: labelsSchema
      .prefault({ app: 'istio-ingressgateway', istio: 'ingressgateway' })
      .describe('The labels by which selectors choose the gateway.'),
    name: text.optional().describe('The `Gateway` of the Gateway API that `targetRefs` name it by.'),
    principal: text
      .optional()
      .describe(
        'Who the gateway is to the policies of backends, such as `cluster.local/ns/istio-system/sa/gateway`.',
      ),
  })
    .prefault({})
    .describe('The gateway itself as a workload.'),
  pathNormalization: z
    .enum(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'])
    .transform((mode): PathNormalization => NORMALIZATIONS[mode])
    .optional()
    .describe('As `meshConfig.pathNormalization`. Without it, the stricter rules under `http`.'),
  numTrustedProxies: count({ min: 0, max: 32 })
    .default(0)
    .describe(
      'How many proxies before the gateway add to `X-Forwarded-For`; `0` to go by `trustedProxies`. For `remoteIpBlocks`.',
    ),
  extensionProviders: z
    .record(z.string(), extensionProviderSchema)
    .prefault({})
    .describe('HTTP services that policies of `action: CUSTOM` ask, by name.'),
})

export type MeshSection = z.output<typeof meshSchema>
