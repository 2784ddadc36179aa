import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { requestOf } from '../../test/support/decision.ts'
import { Wait } from '../kernel/wait.ts'
import { AddressSet } from '../policy/index.ts'
import type { Client } from './sources.ts'
import { Turnstile } from './turnstile.ts'

const NOBODY = new AddressSet([])

/** Somebody on a connection of their own. */
function from(address: string): Client {
  return { request: requestOf({ peer: { address, tls: false } }), trustedPeers: NOBODY }
}

/** A turnstile, and a time that passes when it is told to. */
function subject(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 1_000_000
  const turnstile = new Turnstile({ now: () => nowMs })
  return {
    turnstile,
    pass(ms: number): void {
      for (let i = 0; i < ms; i++) {
        nowMs++
        t.mock.timers.tick(1)
      }
    },
    /** Bad tokens until the source is over its budget. */
    exhaust(client: Client): void {
      while (!turnstile.refused(client, 'signature-mismatch')) turnstile.spend(client, 100)
    },
  }
}

const CAPACITY_US = 100_000
const US_PER_SECOND = 50_000

/** Sends one bad token, which costs so much once it is looked at; answers what became of it. */
function sendBad(turnstile: Turnstile, client: Client, us: number, spent: { us: number }): string {
  const look = (): void => {
    spent.us += us
    turnstile.spend(client, us)
    turnstile.refused(client, 'signature-mismatch')
  }
  const turn = turnstile.enter(client)
  if (turn === undefined) look()
  else if (turn instanceof Wait) turn.start(look)
  else return turn
  return 'taken'
}

test('good tokens never count, however many there are', (t) => {
  const { turnstile } = subject(t)
  const client = from('192.0.2.1')
  for (let i = 0; i < 100_000; i++) {
    assert.equal(turnstile.enter(client), undefined)
    turnstile.proved(client, 0)
  }
})

test('a source over its budget waits, and no other does', (t) => {
  const { turnstile, exhaust } = subject(t)
  const [flood, other] = [from('192.0.2.1'), from('192.0.2.2')]
  exhaust(flood)
  // What the flood has cost may still be left over in all, and is soon used up.
  const spent = { us: 0 }
  for (let i = 0; i < 1000; i++) sendBad(turnstile, flood, 100, spent)
  assert.ok(turnstile.enter(flood) !== undefined)
  assert.equal(turnstile.enter(other), undefined)
})

test('what a flood of one source costs is bounded, whatever one token costs, and strangers never wait', (t) => {
  for (const us of [50, 1000]) {
    const { turnstile, pass } = subject(t)
    const spent = { us: 0 }
    const floods = Array.from({ length: 100 }, () => from('192.0.2.1'))
    const seconds = 5
    for (let ms = 0; ms < seconds * 1000; ms += 5) {
      for (const flood of floods) sendBad(turnstile, flood, us, spent)
      assert.equal(turnstile.enter(from('192.0.2.2')), undefined)
      pass(5)
    }
    assert.ok(spent.us <= CAPACITY_US + seconds * US_PER_SECOND, `${spent.us}`)
    assert.ok(spent.us >= seconds * US_PER_SECOND * 0.8, 'while there is room, it is still looked at')
    t.mock.timers.reset()
  }
})

test('what a flood of 2,500 sources costs is bounded; who sent a good token before never waits, and strangers not long', (t) => {
  const { turnstile, pass } = subject(t)
  const regular = from('203.0.113.1')
  turnstile.proved(regular, 0)
  const spent = { us: 0 }
  const seconds = 6
  let strangers = 0
  for (let ms = 0; ms < seconds * 1000; ms += 5) {
    for (let i = 0; i < 50; i++) sendBad(turnstile, from(`10.0.${i}.${(ms / 5) % 50}`), 100, spent)
    // The first tokens of so many sources are those of strangers, too.
    if (ms >= 3000 && ms % 100 === 0) {
      const turn = turnstile.enter(from(`203.0.${ms / 100}.2`))
      assert.ok(turn === undefined || turn instanceof Wait)
      if (turn === undefined) strangers++
      else turn.start(() => strangers++)
    }
    assert.equal(turnstile.enter(regular), undefined)
    pass(5)
  }
  assert.ok(spent.us <= CAPACITY_US + seconds * US_PER_SECOND, `${spent.us}`)
  pass(100)
  assert.equal(strangers, 30, 'strangers have their turn, too')
})

test('no more wait than may: the answer tells the source that floods from a gateway that has too much to do', (t) => {
  const { turnstile, exhaust } = subject(t)
  const flood = from('192.0.2.1')
  exhaust(flood)
  turnstile.spend(flood, CAPACITY_US)
  const spent = { us: 0 }
  const outcomes = Array.from({ length: 1000 }, () => sendBad(turnstile, flood, 100, spent))
  assert.equal(outcomes.filter((outcome) => outcome === 'taken').length, 64)
  assert.equal(outcomes.at(-1), 'source-over-budget')
  turnstile.spend(flood, CAPACITY_US)
  for (let i = 0; i < 10_000; i++) sendBad(turnstile, from(`10.0.${i >> 8}.${i & 255}`), 100, spent)
  assert.equal(turnstile.enter(from('203.0.113.2')), 'too-many-waiting')
  assert.equal(turnstile.size.waiting, 1024 + 64)
  assert.equal(spent.us, 0)
})

test('of a source over its budget, connections that brought no bad token have the first turns', (t) => {
  const { turnstile, exhaust, pass } = subject(t)
  const [bad, good] = [from('192.0.2.1'), from('192.0.2.1')]
  exhaust(bad)
  turnstile.spend(bad, CAPACITY_US)
  const order: string[] = []
  const wait = (client: Client, name: string): void => {
    const turn = turnstile.enter(client)
    assert.ok(turn instanceof Wait)
    turn.start(() => order.push(name))
  }
  for (let i = 0; i < 60; i++) wait(bad, 'bad')
  wait(good, 'good 1')
  wait(good, 'good 2')
  pass(10_000)
  assert.deepEqual(order.slice(0, 3), ['good 1', 'good 2', 'bad'])
  assert.equal(order.length, 62)
})

test('many connections that wait for a source do not keep another from its turn', (t) => {
  const { turnstile, pass } = subject(t)
  turnstile.spend(from('192.0.2.9'), 10 * CAPACITY_US)
  const order: string[] = []
  const wait = (address: string): void => {
    const turn = turnstile.enter(from(address))
    assert.ok(turn instanceof Wait)
    turn.start(() => {
      order.push(address)
      turnstile.spend(from(address), 1000)
    })
  }
  for (let i = 0; i < 500; i++) wait('192.0.2.1')
  wait('192.0.2.2')
  pass(5000)
  assert.ok(order.indexOf('192.0.2.2') < 2)
})

test('a second after its last bad token, a source is as any other', (t) => {
  const { turnstile, exhaust, pass } = subject(t)
  const flood = from('192.0.2.1')
  const spent = { us: 0 }
  for (let ms = 0; ms < 3000; ms++) {
    for (let i = 0; i < 10; i++) sendBad(turnstile, flood, 100, spent)
    pass(1)
  }
  exhaust(flood)
  pass(3000)
  assert.equal(turnstile.size.waiting, 0)
  assert.equal(turnstile.enter(flood), undefined)
  turnstile.spend(flood, 100)
  assert.equal(turnstile.refused(flood, 'signature-mismatch'), false)
})

test('signatures under way count until it is known whether they are good', (t) => {
  const { turnstile, pass } = subject(t)
  const client = from('192.0.2.1')
  const ends: (() => void)[] = []
  while (turnstile.enter(client) === undefined) ends.push(turnstile.begin(client, 1000))
  assert.equal(ends.length, 50)
  assert.equal(turnstile.enter(from('192.0.2.2')), undefined, 'another source still has room')
  const turn = turnstile.enter(client)
  assert.ok(turn instanceof Wait)
  let had = false
  turn.start(() => (had = true))
  pass(100)
  assert.equal(had, false)
  for (const end of ends) end()
  pass(10)
  assert.equal(had, true)
})

test('behind a trusted proxy, a bad token taints no connection, for it is that of many', (t) => {
  const { turnstile, exhaust, pass } = subject(t)
  const trustedPeers = new AddressSet(['10.0.0.1'])
  const peer = { address: '10.0.0.1', tls: false }
  const user = (): Client => ({
    request: requestOf({ peer, headers: ['X-Forwarded-For', '192.0.2.1'] }),
    trustedPeers,
  })
  exhaust(user())
  turnstile.spend(user(), CAPACITY_US)
  const order: number[] = []
  for (let i = 0; i < 3; i++) {
    const turn = turnstile.enter(i === 1 ? from('192.0.2.1') : user())
    assert.ok(turn instanceof Wait)
    turn.start(() => order.push(i))
  }
  pass(10_000)
  assert.deepEqual(order, [0, 1, 2])
})
