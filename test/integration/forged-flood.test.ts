import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.ts'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'
import { until } from '../support/wait.ts'
import { Visitor, type Origin } from '../support/visitor.ts'

/** Floods of forged tokens beside good users, over real sockets; a clock that stands still, so that no budget refills. */

const ROUTES = 'routes: [{ path: /*, backend: backend, auth: main }]'
/** The flood comes in two waves: one until its source is over its budget, then more than may wait for such a source. */
const WAVES = [60, 300] as const
/** What all bad tokens together may cost at once, in microseconds, down to what is kept for strangers. */
const FLOOD_US = 50_000

interface Flood {
  readonly name: string
  /** The others are the same work for a gateway behind a proxy. */
  readonly alsoBehindProxy?: boolean
  readonly alg: string
  /** What one of its tokens costs at least, in microseconds. */
  readonly costUs: number
  forge(good: string): string
}

function withNewSignature(good: string): string {
  const [header, payload, signature = ''] = good.split('.')
  const bytes = randomBytes(Buffer.from(signature, 'base64url').length)
  // Under every modulus and order, so that all of the work is done.
  bytes[0] = 0
  return `${header}.${payload}.${bytes.toString('base64url')}`
}

function withNewKid(alg: string): (good: string) => string {
  return (good) => {
    const kid = randomBytes(9).toString('base64url')
    const header = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url')
    return [header, ...good.split('.').slice(1)].join('.')
  }
}

const FLOODS: readonly Flood[] = [
  { alsoBehindProxy: true, name: 'RS256', alg: 'RS256', costUs: 40, forge: withNewSignature },
  { name: 'ES256', alg: 'ES256', costUs: 100, forge: withNewSignature },
  { alsoBehindProxy: true, name: 'ES384', alg: 'ES384', costUs: 1000, forge: withNewSignature },
  { name: 'ES512', alg: 'ES512', costUs: 1000, forge: withNewSignature },
  { name: 'EdDSA', alg: 'EdDSA', costUs: 150, forge: withNewSignature },
  { name: 'HS256', alg: 'HS256', costUs: 20, forge: withNewSignature },
  { alsoBehindProxy: true, name: 'new kids', alg: 'ES256', costUs: 15, forge: withNewKid('ES256') },
  {
    name: 'no tokens at all',
    alg: 'ES256',
    costUs: 10,
    forge: () => `${randomBytes(60).toString('base64url')}.${'A'.repeat(300)}.x`,
  },
]

/** Of the two sources, and how they are told apart. */
const PLACES: readonly {
  readonly name: string
  readonly settings: string
  readonly here: Origin
  readonly elsewhere: Origin
}[] = [
  {
    name: 'addresses of connections',
    settings: '',
    here: { localAddress: '127.0.0.2' },
    elsewhere: { localAddress: '127.0.0.3' },
  },
  {
    name: 'addresses that a trusted proxy reports',
    settings: 'trustedProxies: [127.0.0.1]\n',
    here: { forwardedFor: '198.51.100.7' },
    elsewhere: { forwardedFor: '2001:db8:1:2::9' },
  },
]

/** A gateway whose clock only goes on when it is told to. */
async function startStill(
  alg: string,
  settings: string,
): Promise<{ guarded: GuardedGateway; issuer: TestIssuer; goOn(ms: number): void }> {
  const issuer = await createIssuer(alg)
  let nowMs = Date.now()
  const guarded = await startGuardedGateway({
    issuer,
    rest: settings + ROUTES,
    clock: { now: () => nowMs },
  })
  return { guarded, issuer, goOn: (ms) => (nowMs += ms) }
}

/** How many tokens were looked at and found bad, and how many were not looked at, by the access log. */
function counted({ gateway }: GuardedGateway): { readonly looked: number; readonly turnedAway: number } {
  const bad = gateway.entries.filter(({ outcome }) => outcome === 'refuse')
  const turnedAway = bad.filter(({ reason }) => reason === 'source-over-budget').length
  return { looked: bad.length - turnedAway, turnedAway }
}

/** Connections from one place that send one forged token after the other until they are told to stop. */
class Crowd {
  readonly statuses = new Set<number>()
  readonly #visitors: Visitor[] = []
  readonly #ended: Promise<void>[] = []
  #sending = true

  grow(connections: number, url: string, origin: Origin, forge: () => string): void {
    for (let i = 0; i < connections; i++) {
      const visitor = new Visitor(url, origin)
      this.#visitors.push(visitor)
      this.#ended.push(this.#send(visitor, forge))
    }
  }

  /** Ends when every token that was sent is answered. */
  async stop(): Promise<void> {
    this.#sending = false
    await Promise.all(this.#ended)
  }

  /** Whatever became of the test. */
  [Symbol.dispose](): void {
    this.#sending = false
    for (const visitor of this.#visitors) visitor.leave()
  }

  async #send(visitor: Visitor, forge: () => string): Promise<void> {
    while (this.#sending) {
      const answer = await visitor.send(forge()).catch(() => undefined)
      if (answer === undefined) return
      assert.equal(answer.retryAfter, answer.status === 429 ? '1' : undefined)
      this.statuses.add(answer.status)
    }
  }
}

async function sendOnce(url: string, origin: Origin, token: string): Promise<number> {
  const visitor = new Visitor(url, origin)
  const { status } = await visitor.send(token)
  visitor.leave()
  return status
}

const PATIENCE = { timeout: 60_000 }

for (const place of PLACES) {
  describe(`a flood of forged tokens, by ${place.name}`, () => {
    const floods = FLOODS.filter(({ alsoBehindProxy }) => place.settings === '' || alsoBehindProxy === true)
    for (const flood of floods) {
      it(
        `${flood.name}: is bounded, takes nothing from others, and is forgiven when it is over`,
        PATIENCE,
        async () => {
          const { guarded, issuer, goOn } = await startStill(flood.alg, place.settings)
          await using _ = guarded
          const { url } = guarded.gateway
          const good = await issuer.token()
          using neighbour = new Visitor(url, place.here)
          for (let i = 0; i < 3; i++) assert.equal((await neighbour.send(good)).status, 200)

          using crowd = new Crowd()
          for (const wave of WAVES) {
            crowd.grow(wave, url, place.here, () => flood.forge(good))
            await until(() => counted(guarded).looked >= 40)
          }
          await until(() => counted(guarded).turnedAway >= 50)

          // Tokens that are known are served beside the flood, and new ones from elsewhere.
          for (let i = 0; i < 50; i++) assert.equal((await neighbour.send(good)).status, 200)
          const users = Array.from({ length: 20 }, async (__, user) =>
            sendOnce(url, place.elsewhere, await issuer.token({ sub: `user ${user}` })),
          )
          assert.deepEqual(new Set(await Promise.all(users)), new Set([200]))
          const { looked } = counted(guarded)
          assert.ok(looked <= FLOOD_US / flood.costUs + 1, `${looked} were looked at`)

          const time = setInterval(() => goOn(1000), 20)
          await crowd.stop()
          clearInterval(time)
          goOn(10_000)
          assert.deepEqual(crowd.statuses, new Set([401, 429]))
          assert.equal(await sendOnce(url, place.here, await issuer.token({ sub: 'new' })), 200)
          const entry = guarded.gateway.entries.find(({ reason }) => reason === 'source-over-budget')
          assert.deepEqual([entry?.status, entry?.code, entry?.by], [429, 'GW_TOKEN_FLOOD', 'main'])
        },
      )
    }
  })
}

describe('who shares an address with a flood', () => {
  for (const alg of ['RS256', 'ES384']) {
    it(`${alg}: still has new tokens verified`, PATIENCE, async () => {
      const issuer = await createIssuer(alg)
      await using guarded = await startGuardedGateway({ issuer })
      const { url } = guarded.gateway
      const here = { localAddress: '127.0.0.2' }
      const good = await issuer.token()
      using crowd = new Crowd()
      crowd.grow(60, url, here, () => withNewSignature(good))
      await until(() => counted(guarded).looked > 200)
      for (let user = 0; user < 10; user++)
        assert.equal(await sendOnce(url, here, await issuer.token({ sub: `user ${user}` })), 200)
      await crowd.stop()
    })
  }
})

describe('a flood from everywhere', () => {
  it(
    'is told that the gateway has too much to do, and those whose tokens are known are not',
    PATIENCE,
    async () => {
      const { guarded, issuer, goOn } = await startStill('ES384', 'trustedProxies: [127.0.0.1]\n')
      await using _ = guarded
      const { url } = guarded.gateway
      const good = await issuer.token()
      const from = (source: number): Origin => ({ forwardedFor: `198.51.100.${source}` })
      for (let i = 0; i < 3; i++) assert.equal(await sendOnce(url, from(1), good), 200)
      const sendBad = (source: number, count: number): Promise<number>[] =>
        Array.from({ length: count }, () => sendOnce(url, from(source), withNewSignature(good)))

      // As much as all bad tokens may cost at once, by two that use up their own share.
      for (const source of [2, 3]) await Promise.all(sendBad(source, 45))
      assert.deepEqual(await Promise.all(sendBad(4, 1)), [401])
      const answers: number[] = []
      // Some more are looked at until nothing is left, then 64 may wait.
      const sent = sendBad(4, 90).map(async (answer) => void answers.push(await answer))
      await until(() => answers.includes(503))
      assert.ok(answers.every((status) => status === 401 || status === 503))
      assert.equal(await sendOnce(url, from(1), good), 200)
      const entry = guarded.gateway.entries.find(({ status }) => status === 503)
      assert.deepEqual([entry?.code, entry?.reason], ['GW_TOKEN_BUSY', 'too-many-waiting'])

      const time = setInterval(() => goOn(1000), 20)
      await Promise.all(sent)
      clearInterval(time)
      assert.deepEqual(new Set(answers), new Set([401, 503]))
    },
  )
})

describe('a flood that is gone', () => {
  it('leaves no error behind, and no budget spent for others', PATIENCE, async () => {
    const issuer = await createIssuer('ES512')
    await using guarded = await startGuardedGateway({ issuer })
    const { url } = guarded.gateway
    const good = await issuer.token()
    {
      using crowd = new Crowd()
      crowd.grow(150, url, { localAddress: '127.0.0.2' }, () => withNewSignature(good))
      await until(() => counted(guarded).looked > 10)
    }
    assert.equal(await sendOnce(url, {}, good), 200)
    assert.equal(guarded.gateway.logged.filter(({ level }) => level === 'error').length, 0)
  })
})
