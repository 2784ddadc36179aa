// What a team would write with Fastify and its two plugins, as their documentation has it: verify, set a header, proxy.
// JavaScript, so that checking the types of this project does not need Fastify's.
import { readFileSync } from 'node:fs'
import proxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import fastify from 'fastify'

const settings = JSON.parse(process.argv[2])
const app = fastify({ logger: false })

await app.register(jwt, {
  secret: { public: readFileSync(settings.publicKeyFile, 'utf8') },
  verify: {
    algorithms: [settings.algorithm],
    allowedIss: settings.issuer,
    requiredClaims: ['exp'],
    cache: settings.cache,
  },
})
await app.register(proxy, {
  upstream: settings.backend,
  undici: { connections: settings.connections, pipelining: 1 },
  // oxlint-disable-next-line typescript/no-misused-promises -- Fastify takes promises here; the types do not say so
  preHandler: (request) => request.jwtVerify(),
  replyOptions: {
    rewriteRequestHeaders(request, { authorization: _token, ...headers }) {
      return { ...headers, 'x-user': request.user.sub }
    },
  },
})
await app.listen({ port: settings.port, host: '127.0.0.1' })
