import { BODY_SIZES, type BodySize } from './backend.ts'
import { routePath } from './route-path.ts'
import { startClaimgate, type Engines } from './contestants/claimgate.ts'
import { DEFAULT_CONNECTIONS, type Task } from './contestants/contestant.ts'
import { listedPaths } from './contestants/many-rules.ts'
import { startFastify } from './contestants/fastify.ts'
import { startHaproxy } from './contestants/haproxy.ts'
import type { Load } from './load.ts'
import type { Program } from './requirements.ts'
import { manyRoutes } from './routes-load.ts'
import type { Row } from './row.ts'
import type { Measured } from './tokens.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** Every line of the table, in its order. */
export function allRows(engines: Engines): Row[] {
  return [...peers(), ...claimgate(), ...otherEngines(engines), ...bodies()]
}

const GET: Load = { path: '/x' }
const CLAIMGATE: readonly Program[] = ['wrk', 'nginx', 'taskset', 'setpriv']
const HAPROXY: readonly Program[] = [...CLAIMGATE, 'haproxy']

function peers(): Row[] {
  return [
    {
      name: 'direct',
      what: 'wrk straight to nginx: what the load core can do at most',
      quick: true,
      needs: CLAIMGATE,
      guard: 'none',
      path: '/',
      start: (bench) => Promise.resolve(bench.backend),
      load: () => Promise.resolve(GET),
    },
    haproxy('haproxy-plain', 'HAProxy, plain proxying', 'none', { quick: true }),
    haproxy('haproxy-rs256', 'HAProxy with jwt_verify, RS256, the same token', 'RS256', { quick: true }),
    newTokens(
      haproxy('haproxy-rs256-new', 'HAProxy with jwt_verify, RS256, every token new', 'RS256', {
        quick: true,
      }),
      'RS256',
    ),
    haproxy('haproxy-es256', 'HAProxy with jwt_verify, ES256, the same token', 'ES256', { quick: true }),
    haproxy('haproxy-tls', 'HAProxy with jwt_verify, RS256, the same token, over TLS', 'RS256', {
      tls: true,
    }),
    fastify('fastify-rs256', 'Fastify with its proxy and JWT plugins, RS256, the same token', false),
    fastify('fastify-rs256-cache', 'the same with the token cache of its JWT plugin on', true),
  ]
}

function claimgate(): Row[] {
  return [
    ours('open', 'no token needed', 'none', {}),
    ours('rs256', 'RS256, the same token', 'RS256', { quick: true }),
    ours('es256', 'ES256, the same token', 'ES256', { quick: true }),
    ours('eddsa', 'EdDSA, the same token', 'EdDSA', { quick: true }),
    newTokens(ours('rs256-new', 'RS256, every token new', 'RS256', { quick: true }), 'RS256'),
    newTokens(ours('es256-new', 'ES256, every token new', 'ES256', {}), 'ES256'),
    newTokens(ours('eddsa-new', 'EdDSA, every token new', 'EdDSA', {}), 'EdDSA'),
    ours('tls', 'RS256, the same token, over TLS', 'RS256', { tls: true }),
    routesRow(10),
    routesRow(100_000),
    rulesRow(10),
    rulesRow(1000),
  ]
}

/** The engines that are not the default, as far as the build has such. */
function otherEngines(engines: Engines): Row[] {
  return engines.all
    .filter((engine) => engine !== engines.default)
    .map((engine) =>
      ours(`engine-${engine}`, `RS256, the same token, \`engine: ${engine}\``, 'RS256', { engine }),
    )
}

interface Extras {
  readonly quick?: boolean
  readonly tls?: boolean
  readonly engine?: string
  readonly routes?: number
  readonly rules?: number
}

function ours(name: string, what: string, guard: Measured | 'none', extras: Extras): Row {
  const task = taskOf(name, guard, extras)
  return {
    ...shared(name, `Claimgate, ${what}`, guard, extras),
    needs: extras.tls === true ? [...CLAIMGATE, 'openssl'] : CLAIMGATE,
    start: (bench) => startClaimgate(bench, { ...task(bench), ...extras, tls: extras.tls ?? false }),
  }
}

function haproxy(name: string, what: string, guard: Measured | 'none', extras: Extras): Row {
  const task = taskOf(name, guard, extras)
  return {
    ...shared(name, what, guard, extras),
    needs: extras.tls === true ? [...HAPROXY, 'openssl'] : HAPROXY,
    start: (bench) => startHaproxy(bench, task(bench)),
  }
}

function fastify(name: string, what: string, cache: boolean): Row {
  const task = taskOf(name, 'RS256', {})
  return {
    ...shared(name, what, 'RS256', { quick: !cache }),
    needs: CLAIMGATE,
    start: (bench) => startFastify(bench, { ...task(bench), guard: 'RS256', cache }),
  }
}

function shared(
  name: string,
  what: string,
  guard: Measured | 'none',
  extras: Extras,
): Omit<Row, 'start' | 'needs'> {
  return {
    name,
    what,
    quick: extras.quick === true,
    guard,
    path: '/',
    load: async (tokens) => ({ ...GET, ...(await credentials(tokens, guard)) }),
  }
}

function taskOf(name: string, guard: Measured | 'none', extras: Extras): (bench: Workbench) => Task {
  return (bench) => ({
    name,
    guard,
    tls: extras.tls === true,
    backend: bench.backend.origin,
    maxConnections: DEFAULT_CONNECTIONS,
  })
}

async function credentials(tokens: TokenFiles, guard: Measured | 'none'): Promise<{ token?: string }> {
  return guard === 'none' ? {} : { token: await tokens.one(guard) }
}

function newTokens(row: Row, alg: Measured): Row {
  return {
    ...row,
    load: async (tokens) => ({ ...GET, tokens: await tokens.many(alg) }),
    // First until the code is compiled, then with other tokens until caches hold something.
    freshWarmUp: async (tokens) => [
      { ...GET, token: await tokens.one(alg) },
      { ...GET, tokens: await tokens.warmUp(alg) },
    ],
  }
}

function routesRow(routes: number): Row {
  const row = ours(
    `routes-${routes === 10 ? '10' : '100k'}`,
    `${routes.toLocaleString('en')} routes, RS256, the same token`,
    'RS256',
    { routes },
  )
  return {
    ...row,
    path: routePath(0),
    load: async (tokens) => ({
      path: routePath(0),
      token: await tokens.one('RS256'),
      paths: manyRoutes(tokens.directory, routes),
    }),
  }
}

/** Authentications, keys and conditions: every request is covered by a rule of another issuer beside its own. */
function rulesRow(rules: number): Row {
  const conditions = listedPaths(rules)
  const what = `${rules + 1} authentications, ${rules * 10} keys, ${conditions} conditions`
  const row = ours(`rules-${rules === 10 ? '10' : '1k'}`, `${what}, RS256, the same token`, 'RS256', {
    rules,
  })
  return {
    ...row,
    path: routePath(0),
    load: async (tokens) => ({
      path: routePath(0),
      token: await tokens.one('RS256'),
      paths: manyRoutes(tokens.directory, conditions),
    }),
  }
}

/** Few enough for 1 MiB bodies to stay in the caches of the kernel, many enough to keep a core busy. */
const BIG_BODY_CONNECTIONS = 8

/** Bodies both ways, of both sizes, through HAProxy with the same checks and through Claimgate. */
function bodies(): Row[] {
  const names: readonly BodySize[] = ['4k', '1m']
  return names.flatMap((size) =>
    (['post', 'get'] as const).flatMap((method) => {
      const what = method === 'post' ? `request bodies of ${size}` : `answers of ${size}`
      const rows = [
        haproxy(`haproxy-${method}-${size}`, `HAProxy with jwt_verify, RS256, ${what}`, 'RS256', {}),
        ours(`${method}-${size}`, `RS256, ${what}`, 'RS256', {}),
      ]
      return rows.map((row) => ({ ...row, load: bodyLoad(method, size) }))
    }),
  )
}

function bodyLoad(method: 'post' | 'get', size: BodySize): Row['load'] {
  const connections = size === '1m' ? { connections: BIG_BODY_CONNECTIONS } : {}
  return async (tokens) => {
    const common = { token: await tokens.one('RS256'), ...connections }
    return method === 'get'
      ? { ...common, path: `/file/${size}` }
      : { ...common, path: '/upload', method: 'POST', bodyBytes: BODY_SIZES[size] }
  }
}
