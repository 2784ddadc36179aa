/**
 * Shows that a gateway keeps nothing of what went through it: sends very many requests, then opens very many slow
 * readers, each in processes of their own, and looks at memory and descriptors before and after.
 * `node tools/soak.ts [requests] [readers] [workers]`; ends with 1 where a bound does not hold. Needs Linux and a build. A
 * reader takes two descriptors of the gateway: where a process may have fewer than 20,200, give it two workers.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBackend, startGateway, type Started } from './soak/processes.ts'
import { sendRequests, signToken } from './soak/requests.ts'
import { SlowReaders } from './soak/slow-readers.ts'

const REQUESTS = Number(process.argv[2] ?? 1_000_000)
const READERS = Number(process.argv[3] ?? 10_000)
const WORKERS = Number(process.argv[4] ?? 1)
const WARM_UP_REQUESTS = 200_000
const MIB = 1024 * 1024
/** What the heaps may differ by between two moments without anything being kept: one for each worker. */
const MAX_GROWTH_BYTES = 48 * MIB * WORKERS
/** Some pieces of 64 KiB between two sockets, and the objects around them. */
const MAX_READER_BYTES = 320 * 1024

let failed = false
const say = (text: string): void => void process.stdout.write(`${text}\n`)
function holds(what: string, holding: boolean): void {
  say(`${holding ? 'holds' : 'BROKEN'}: ${what}`)
  failed ||= !holding
}

const folder = mkdtempSync(join(tmpdir(), 'claimgate-soak-'))
const secret = randomBytes(32)
const backend = await startBackend()
const gateway = await startGateway(writeConfiguration(backend.port))
try {
  await soak(gateway)
  await readSlowly(gateway)
} finally {
  await gateway.stop()
  await backend.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)

async function soak({ port, residentBytes, openDescriptors }: Started): Promise<void> {
  const traffic = { port, secret }
  const descriptors = openDescriptors()
  // The first ones fill caches and pools, and let the heap take its size.
  await sendRequests(traffic, WARM_UP_REQUESTS, () => {})
  const before = residentBytes()
  const startedMs = Date.now()
  let next = REQUESTS / 10
  await sendRequests(traffic, REQUESTS, (done) => {
    if (done < next) return
    next += REQUESTS / 10
    say(`${Math.round(done)} requests, ${Math.round(residentBytes() / MIB)} MiB`)
  })
  const perSecond = Math.round(REQUESTS / ((Date.now() - startedMs) / 1000))
  await sleep(2000)
  const grown = residentBytes() - before
  say(`${REQUESTS} requests at ${perSecond} in a second`)
  holds(
    `memory grew by ${Math.round(grown / MIB)} MiB, ${MAX_GROWTH_BYTES / MIB} at most`,
    grown < MAX_GROWTH_BYTES,
  )
  const left = openDescriptors() - descriptors
  // Connections to the backend are kept for the next request.
  holds(`${left} descriptors more than before, connections to the backend among them`, left < 64)
}

async function readSlowly({ port, residentBytes, openDescriptors }: Started): Promise<void> {
  const readers = new SlowReaders()
  const before = residentBytes()
  const descriptors = openDescriptors()
  await readers.open(port, signToken(secret), READERS)
  say(`${READERS} slow readers are open`)
  let most = 0
  for (let second = 0; second < 10; second++) {
    // oxlint-disable-next-line no-await-in-loop -- ten looks, a second apart
    await sleep(1000)
    most = Math.max(most, residentBytes() - before)
  }
  const each = most / READERS
  holds(
    `${Math.round(each / 1024)} KiB for each slow reader, ${MAX_READER_BYTES / 1024} at most`,
    each < MAX_READER_BYTES,
  )
  readers.close()
  await sleep(3000)
  const left = openDescriptors() - descriptors
  holds(`${left} descriptors more than before the slow readers`, left < 64)
}

function writeConfiguration(backendPort: number): string {
  const file = join(folder, 'claimgate.yaml')
  const jwk = { kty: 'oct', alg: 'HS256', kid: 'soak', k: secret.toString('base64url') }
  writeFileSync(
    file,
    `version: 1
listeners: [{ address: 127.0.0.1:0 }]
limits: { maxConnections: ${READERS + 1000} }
timeouts: { body: 120s }
log: { access: false }
workers: ${WORKERS}
keyCache: none
backends: { b: { url: http://127.0.0.1:${backendPort}, maxConnections: ${READERS + 1000} } }
authentications: { a: { keys: { jwks: ${JSON.stringify({ keys: [jwk] })} } } }
routes: [{ path: /*, backend: b, auth: a }]
`,
    { mode: 0o600 },
  )
  return file
}
