import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, start } from './built-cli.ts'
import { createFolder } from './folder.ts'
import { childrenOf } from '../support/process-gateway.ts'
import { startRunning, type RunningCli } from './running-cli.ts'

/** A backend whose `/slow` answers when it is told to. */
const waiting: (() => void)[] = []
const backend: Server = createServer((request, response) => {
  if (request.url === '/slow') waiting.push(() => response.end('slow, and whole'))
  else response.end('hello')
})
backend.listen(0, '127.0.0.1')
await once(backend, 'listening')
after(() => backend.close())
const backendPort = (backend.address() as AddressInfo).port

const configuration = (whitelist: string, port = 0): string => `version: 1
listeners: [{ address: 127.0.0.1:${port} }]
backends: { all: { url: "http://127.0.0.1:${backendPort}" } }
authentications:
  customers: { keys: { jwksFile: jwks.json } }
routes:
  - { name: all, path: /*, backend: all, auth: { use: customers, mode: whitelist, paths: [${whitelist}] } }
`

const folder = await createFolder(configuration('/open, /slow'))

/** A gateway that runs, and the address that it printed. */
async function serve(file: string): Promise<{ readonly gateway: RunningCli; readonly url: string }> {
  const gateway = startRunning(['serve', file], { cwd: folder.path })
  after(() => gateway.kill())
  await gateway.until(/listening on http:\/\/127\.0\.0\.1:\d+\n/)
  const url = /listening on (\S+)/.exec(gateway.output.stderr)?.[1] ?? ''
  return { gateway, url }
}

const status = async (url: string): Promise<number> => (await fetch(url)).status

async function untilWaiting(): Promise<() => void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const answer = waiting.shift()
    if (answer !== undefined) return answer
    await new Promise((next) => setTimeout(next, 5))
  }
  throw new Error('the slow request never reached the backend')
}

describe('claimgate serve that cannot start', { timeout: 60_000 }, () => {
  it('ends with 1 and every error where the configuration has some, and listens on nothing', async () => {
    folder.write('bad.yaml', configuration('open', 18_080))
    const { code, stderr, stdout } = await run(['serve', 'bad.yaml'], { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /^bad\.yaml:7: error: .*$/m)
    assert.match(stderr, /^error: 1 error in bad\.yaml$/m)
    assert.doesNotMatch(stderr, /listening/)
    assert.equal(stdout, '')
  })

  it('says that a port is taken, what to do, and ends with 1', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    folder.write('busy.yaml', configuration('/open', port))
    const { code, stderr } = await run(['serve', 'busy.yaml'], { cwd: folder.path })
    other.close()
    assert.equal(code, 1)
    assert.match(
      stderr,
      new RegExp(`^error: cannot listen on \`127\\.0\\.0\\.1:${port}\`.*\nhint: another `, 'm'),
    )
  })

  it('says which function cannot be loaded, and why', async () => {
    const text = configuration('/open').replace(/all: \{ url.*?\} \}/, 'all: { function: ./broken.js } }')
    folder.write('broken.yaml', text)
    folder.write('broken.js', 'export const nothing = 1\n')
    const { code, stderr } = await run(['serve', 'broken.yaml'], { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^error: the function `.*broken\.js` of backend `all` exports no handler\nhint: write /m,
    )
  })
})

describe('claimgate serve', { timeout: 60_000 }, () => {
  it('serves, logs requests to the standard output, and ends with 0 on Ctrl-C', async () => {
    folder.write('serve.yaml', configuration('/open'))
    const { gateway, url } = await serve('serve.yaml')
    assert.equal(await status(`${url}/open`), 200)
    assert.equal(await status(`${url}/closed`), 401)
    const authorization = `Bearer ${await folder.issuer.token()}`
    assert.equal((await fetch(`${url}/closed`, { headers: { authorization } })).status, 200)
    gateway.signal('SIGINT')
    assert.equal(await gateway.ended, 0)
    const lines = gateway.output.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; status?: number })
    assert.deepEqual(
      lines.filter(({ type }) => type === 'access').map((line) => line.status),
      [200, 401, 200],
    )
    assert.equal(gateway.output.stdout.includes(authorization), false)
  })

  it('lets a request finish that is under way when SIGTERM comes', async () => {
    folder.write('drain.yaml', configuration('/open, /slow'))
    const { gateway, url } = await serve('drain.yaml')
    const slow = fetch(`${url}/slow`)
    const answer = await untilWaiting()
    gateway.signal('SIGTERM')
    await gateway.until('stopping: requests under way may finish; press Ctrl-C again to end them')
    await assert.rejects(fetch(`${url}/open`), 'no new connection is taken')
    answer()
    assert.equal(await (await slow).text(), 'slow, and whole')
    assert.equal(await gateway.ended, 0)
  })

  it('ends at once when Ctrl-C is pressed again', async () => {
    folder.write('twice.yaml', configuration('/open, /slow'))
    const { gateway, url } = await serve('twice.yaml')
    const slow = fetch(`${url}/slow`).then(
      () => 'answered',
      () => 'broken off',
    )
    await untilWaiting()
    gateway.signal('SIGINT')
    await gateway.until('stopping')
    const pressed = Date.now()
    gateway.signal('SIGINT')
    assert.equal(await gateway.ended, 0)
    assert.ok(Date.now() - pressed < 2000, 'it took too long')
    assert.equal(await slow, 'broken off')
  })

  it('ends although a function left a timer running', async () => {
    folder.write(
      'timer.js',
      'setInterval(() => {}, 1000)\nexport default { fetch: () => new Response("x") }\n',
    )
    folder.write(
      'timer.yaml',
      configuration('/open').replace(/all: \{ url.*?\} \}/, 'all: { function: ./timer.js } }'),
    )
    const { gateway, url } = await serve('timer.yaml')
    assert.equal(await status(`${url}/open`), 200)
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  })

  it('serves on when the reader of its log hangs up', async () => {
    folder.write('pipe.yaml', configuration('/open'))
    const { gateway, url } = await serve('pipe.yaml')
    gateway.hangUp('stdout')
    for (let i = 0; i < 5; i++) assert.equal(await status(`${url}/open`), 200)
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  })
})

describe('claimgate serve, reloading', { timeout: 60_000 }, () => {
  it('takes a change of the whitelist with SIGHUP, and keeps the last good configuration otherwise', async () => {
    folder.write('hup.yaml', configuration('/open'))
    const { gateway, url } = await serve('hup.yaml')
    assert.equal(await status(`${url}/new`), 401)
    folder.write('hup.yaml', configuration('/new'))
    gateway.signal('SIGHUP')
    await gateway.until('the configuration was reloaded')
    assert.equal(await status(`${url}/new`), 200)
    assert.equal(await status(`${url}/open`), 401)

    folder.write('hup.yaml', configuration('new'))
    gateway.signal('SIGHUP')
    await gateway.until(/^hup\.yaml:7: error: .*\n(?:.*\n)*the last good configuration serves on$/m)
    assert.equal(await status(`${url}/new`), 200)

    folder.write('hup.yaml', configuration('/newest'))
    gateway.signal('SIGHUP')
    await gateway.until(/serves on\n(?:.*\n)*the configuration was reloaded/)
    assert.equal(await status(`${url}/newest`), 200)
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  })

  it('keeps a request and its connection over a reload', async () => {
    folder.write('kept.yaml', configuration('/open, /slow'))
    const { gateway, url } = await serve('kept.yaml')
    const slow = fetch(`${url}/slow`)
    const answer = await untilWaiting()
    folder.write('kept.yaml', configuration('/open'))
    gateway.signal('SIGHUP')
    await gateway.until('the configuration was reloaded')
    answer()
    assert.equal(await (await slow).text(), 'slow, and whole')
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  })

  it('reads once for all signals that come while it reads, and ends without reading for those', async () => {
    folder.write('storm.yaml', configuration('/open'))
    const { gateway, url } = await serve('storm.yaml')
    let signals = 0
    for (const untilMs = Date.now() + 500; Date.now() < untilMs; signals++) {
      gateway.signal('SIGHUP')
      // oxlint-disable-next-line no-await-in-loop -- signals that are pending are one
      await sleep(2)
    }
    folder.write('storm.yaml', configuration('/last'))
    gateway.signal('SIGHUP')
    while ((await status(`${url}/last`)) !== 200) await sleep(20)
    for (let i = 0; i < 20; i++) gateway.signal('SIGHUP')
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
    const reloads = gateway.output.stderr.split('was reloaded').length - 1
    assert.ok(reloads > 0 && reloads < signals / 4, `${signals} signals, ${reloads} reloads`)
  })

  it('sees a changed file by itself', async () => {
    folder.write('watched.yaml', configuration('/open'))
    const { gateway, url } = await serve('watched.yaml')
    folder.write('watched.yaml', configuration('/seen'))
    await gateway.until('the configuration was reloaded')
    assert.equal(await status(`${url}/seen`), 200)
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  })
})

it(
  'a file that was missing is seen when it comes, and what needs a restart is said',
  { timeout: 60_000 },
  async () => {
    folder.write('late.yaml', configuration('/open'))
    const { gateway, url } = await serve('late.yaml')
    folder.write('late.yaml', configuration('/late').replace('jwks.json', 'late.json'))
    await gateway.until('the last good configuration serves on')
    folder.write('late.json', JSON.stringify(folder.issuer.jwks))
    await gateway.until('the configuration was reloaded\n')
    assert.equal(await status(`${url}/late`), 200)
    folder.write('late.yaml', `${configuration('/late')}log: { level: error }\n`)
    await gateway.until(/reloaded, except for .*: those need a restart\n/)
    gateway.signal('SIGTERM')
    assert.equal(await gateway.ended, 0)
  },
)

it('a connection that is only open does not hold up the end', async () => {
  folder.write('idle.yaml', configuration('/open'))
  const { gateway, url } = await serve('idle.yaml')
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  gateway.signal('SIGINT')
  assert.equal(await gateway.ended, 0)
})

describe(
  'claimgate serve with several workers',
  { skip: process.platform !== 'linux', timeout: 60_000 },
  () => {
    const withFunction = configuration('/open').replace(/all: \{ url.*?\} \}/, 'all: { function: ./it.js } }')

    it('says how many there are, and the file says it too', async () => {
      folder.write('several.yaml', `${configuration('/open')}workers: 3\n`)
      const { gateway, url } = await serve('several.yaml')
      await gateway.until(/^listening on .*\nserved by 3 workers\n$/)
      assert.equal(await status(`${url}/open`), 200)
      folder.write('several.yaml', `${configuration('/open')}workers: 2\n`)
      gateway.signal('SIGHUP')
      await gateway.until(/reloaded, except for .* workers and keyCache: those need a restart\n/)
      gateway.signal('SIGTERM')
      assert.equal(await gateway.ended, 0)
      const started = gateway.output.stdout.match(/"message":"a worker serves"/g)
      assert.equal(started?.length, 3)
    })

    it('gives up with 1 where they end right after their start, again and again', async () => {
      folder.write(
        'it.js',
        'setTimeout(() => process.exit(9), 50)\nexport default { fetch: () => new Response("x") }\n',
      )
      folder.write('loop.yaml', withFunction)
      const { code, stderr, stdout } = await run(['serve', 'loop.yaml', '--workers', '2'], {
        cwd: folder.path,
      })
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^error: 10 workers ended right after their start, the last one with exit code 9\nhint: /m,
      )
      assert.equal(stdout.match(/"message":"a worker ended; another takes its place"/g)?.length, 10)
    })

    it('starts nothing where a worker cannot: a function that does not load, a port that is taken', async () => {
      folder.write('it.js', 'export const nothing = 1\n')
      folder.write('no-handler.yaml', withFunction)
      const broken = await run(['serve', 'no-handler.yaml', '--workers', '2'], { cwd: folder.path })
      assert.equal(broken.code, 1)
      assert.match(
        broken.stderr,
        /^error: the function `.*it\.js` of backend `all` exports no handler\nhint: write /m,
      )
      const other = createTcpServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      folder.write('taken.yaml', configuration('/open', port))
      const taken = await run(['serve', 'taken.yaml', '--workers', '2'], { cwd: folder.path })
      other.close()
      assert.equal(taken.code, 1)
      assert.match(taken.stderr, new RegExp(`^error: cannot listen on \`127\\.0\\.0\\.1:${port}\``, 'm'))
      assert.doesNotMatch(broken.stderr + taken.stderr, /listening on|served by/)
    })

    it('refuses a number of workers that is none', async () => {
      for (const number of ['0', '257', 'many', '1.5', '-1']) {
        const { code, stderr } = await run(['serve', 'several.yaml', '--workers', number], {
          cwd: folder.path,
        })
        assert.equal(code, 2, number)
        assert.match(stderr, /write a number from 1 to 256, or `auto`/)
      }
    })

    it('with one worker there is no other process, and no line says so', async () => {
      folder.write('one.yaml', `${configuration('/open')}workers: 8\n`)
      const gateway = startRunning(['serve', 'one.yaml', '--workers', '1'], { cwd: folder.path })
      after(() => gateway.kill())
      await gateway.until(/listening on \S+\n/)
      assert.equal(await status(`${/listening on (\S+)/.exec(gateway.output.stderr)![1]!}/open`), 200)
      assert.deepEqual(childrenOf(gateway.pid), [])
      gateway.signal('SIGTERM')
      assert.equal(await gateway.ended, 0)
      assert.doesNotMatch(gateway.output.stderr + gateway.output.stdout, /worker/)
    })
  },
)

describe('whoever is told that it listens may tell it to stop at once', () => {
  for (const workers of ['1', '2']) {
    it(`with ${workers}: it drains, and is not cut off`, async () => {
      for (let round = 0; round < 4; round++) {
        const child = start(['serve', 'claimgate.yaml', '--workers', workers], { cwd: folder.path })
        child.stdout?.resume()
        let said = ''
        child.stderr?.on('data', (text: Buffer) => {
          if (!said.includes('listening') && (said += text.toString()).includes('listening'))
            child.kill('SIGTERM')
        })
        const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
        assert.deepEqual([code, signal], [0, null])
      }
    })
  }
})
