import { z } from 'zod'
import { err, ok } from '../../kernel/result.ts'
import { parseAddressBlock } from '../../policy/index.ts'
import { isToken } from '../field-names.ts'
import { hostPattern } from '../patterns.ts'
import { authenticationSchema } from './authentication-schema.ts'
import { backendSchema } from './backend-schema.ts'
import { meshSchema } from './mesh-schema.ts'
import { textOf } from './quantity.ts'
import { exactlyOne, oneOrMore, section } from './section.ts'
import {
  adminSchema,
  httpSchema,
  limitsSchema,
  listenerSchema,
  logSchema,
  timeoutsSchema,
  workersSchema,
} from './server-schema.ts'

const text = z.string().min(1)
const file = text.meta({ title: 'file' })
const path = text.meta({ title: 'path' })
const host = textOf('host', 'api.example.com', hostPattern)

/** What people call their backends, authentications and rules; it stands in logs. */
export const nameSchema = textOf('name', 'main', (name) =>
  /^[A-Za-z0-9][\w.:/ -]{0,63}$/.test(name)
    ? ok(name)
    : err(
        'a name starts with a letter or digit, goes on with those and `_ . : / -`, and has 64 characters at most',
      ),
)

const mode = z.enum(['all', 'whitelist', 'blacklist', 'optional'])

export const routeSchema = section({
  name: nameSchema.optional().describe('For logs. Without it: methods, host and path.'),
  hosts: oneOrMore(host)
    .prefault(['*'])
    .describe('`api.example.com`, `*.example.com`, or `*` for every host that no other route names.'),
  path: path.describe(
    '`/a` for that path alone, `/a/*` for every path that starts with `/a/`. The most specific path that matches decides.',
  ),
  methods: oneOrMore(
    textOf('method', 'GET', (method) => {
      const upper = method.toUpperCase()
      if (isToken(method) && upper !== 'CONNECT') return ok(upper)
      return err(`\`${method}\` is not a method that can be routed`)
    }),
  )
    .optional()
    .describe(
      'Without it, all methods. Others are answered 405, also where a less specific path takes them.',
    ),
  backend: text.describe('Name of a backend.'),
  auth: z
    .union([
      text,
      z.array(text).min(1),
      section({
        use: oneOrMore(text).describe('Names of authentications; any of them lets a request in.'),
        mode: mode
          .default('all')
          .describe(
            '`all`: every request needs a token. `whitelist`: all but those to `paths`. `blacklist`: only those to `paths`. ' +
              '`optional`: none, yet the claims of a valid token are forwarded.',
          ),
        paths: oneOrMore(path)
          .optional()
          .describe('For `whitelist` and `blacklist`: whole paths, as in `path`.'),
      }),
    ])
    .optional()
    .describe(
      'Name of an authentication that every request needs, `none`, or the settings below. Without it, a rule must cover the route.',
    ),
})

export const ruleSchema = section({
  name: nameSchema.describe('For logs.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('A rule that is not enabled is checked, and otherwise as if it were not there.'),
  authentication: text.describe('Name of an authentication.'),
  mode: mode
    .default('all')
    .describe(
      '`all`: every request needs a token. `whitelist`: all but the listed. `blacklist`: only the listed. ' +
        '`optional`: none, yet the claims of a valid token are forwarded.',
    ),
  conditions: z
    .array(
      section({
        host: host.optional().describe('As in `hosts` of a route. Without it, every host.'),
        path: path.optional().describe('As in `path` of a route. Without it, every path.'),
      }),
    )
    .optional()
    .describe('For `whitelist` and `blacklist`: a request is listed if any of them fits it.'),
})

export const importSchema = section({
  functionCompute: file
    .optional()
    .describe(
      'File of HTTP triggers or custom domains of Function Compute: `s.yaml`, or JSON as the API has it.',
    ),
  gatewayAuth: file
    .optional()
    .describe('File of gateway authentication rules, as `AddGatewayAuth` takes them.'),
  backend: text
    .optional()
    .describe('With `functionCompute`: the backend of functions that `backends` does not name.'),
  backends: z
    .record(
      z.string(),
      z.union([
        text,
        section({
          backend: text.describe('Name of a backend.'),
          host: host.optional().describe('Host that the HTTP trigger answers for. Without it, every host.'),
          path: path.optional().describe('Path that the HTTP trigger answers for. Without it, every path.'),
        }),
      ]),
    )
    .prefault({})
    .describe('With `functionCompute`: name of a function to name of a backend, or to the settings below.'),
  domains: z.record(z.string(), host).prefault({}).describe('With `gatewayAuth`: `DomainId` to host.'),
  mesh: file
    .optional()
    .describe('File or folder of resources of a service mesh: RequestAuthentication, AuthorizationPolicy.'),
}).check(exactlyOne(['functionCompute', 'gatewayAuth', 'mesh']))

export const trustedProxiesSchema = z.array(
  textOf('address block', '10.0.0.0/8', (block) => {
    const parsed = parseAddressBlock(block)
    return parsed.ok ? ok(block) : parsed
  }),
)

export const importsSchema = z.array(importSchema)

/** The whole of a `claimgate.yaml`. */
export const configurationSchema = section({
  $schema: z.string().optional().describe('For editors; not read.'),
  version: z.literal(1).describe('Version of this format; `1`.'),
  listeners: z
    .array(listenerSchema)
    .min(1)
    // Loopback: a gateway is reachable from outside only when somebody says so.
    .prefault([{ address: '127.0.0.1:8080' }])
    .describe('Where the gateway takes requests.'),
  admin: adminSchema
    .optional()
    .describe(
      'Where the gateway tells of itself: `/metrics` for Prometheus, `/healthz`, `/readyz`. Without it, nowhere.',
    ),
  backends: z.record(z.string(), backendSchema).prefault({}).describe('Where requests go, by name.'),
  authentications: z
    .record(z.string(), authenticationSchema)
    .prefault({})
    .describe('How tokens are verified, by name.'),
  routes: z
    .array(routeSchema)
    .prefault([])
    .describe('Which requests go to which backend, and what they need.'),
  rules: z
    .array(ruleSchema)
    .prefault([])
    .describe(
      'Authentication rules over all routes. A request needs a token if a rule or its route says so.',
    ),
  import: importsSchema.prefault([]).describe('Files of other products, read as they are.'),
  mesh: meshSchema.prefault({}).describe('What imported policies of a service mesh are applied to.'),
  trustedProxies: trustedProxiesSchema
    .prefault([])
    .describe(
      'CIDR blocks whose `X-Forwarded-*` and `Forwarded` fields are believed. Name load balancers here: what bad tokens may cost is counted by the address of the client.',
    ),
  http: httpSchema.prefault({}).describe('How paths are read.'),
  limits: limitsSchema.prefault({}).describe('How much the gateway takes on.'),
  timeouts: timeoutsSchema.prefault({}).describe('How long the gateway waits for clients.'),
  log: logSchema.prefault({}).describe('What the gateway writes down.'),
  workers: workersSchema,
  keyCache: text
    .optional()
    .meta({ title: 'folder' })
    .describe(
      'Folder in which the last good keys of each source outlive the process; `none` for none. Without it, `claimgate/keys` in the cache folder of the user.',
    ),
  engine: z
    .enum(['claimgate', 'node'])
    .default('claimgate')
    .describe(
      'What speaks HTTP: the HTTP/1.1 of this project, or `node`, the HTTP server of Node with undici behind it.',
    ),
})
