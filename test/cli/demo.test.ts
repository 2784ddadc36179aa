import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { builtCli, run } from './built-cli.ts'
import { startRunning, type RunningCli } from './running-cli.ts'

let port = 0
let demo: RunningCli
let startedMs = 0
let configuration = ''
let commands: readonly string[] = []

before(async () => {
  builtCli()
  port = await freePort()
  const started = Date.now()
  demo = startRunning(['demo', '--port', String(port)])
  await demo.until(/explain .*"\n/)
  startedMs = Date.now() - started
  configuration = /^Its configuration is (.*);/m.exec(demo.output.stderr)?.[1] ?? ''
  commands = demo.output.stderr.split('\n').filter((_, index, lines) => lines[index - 1]?.startsWith('# '))
})

after(() => demo.kill())

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port: free } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return free
}

/** What a shell makes of a printed command. */
function shell(command: string | undefined): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    execFile('sh', ['-c', command ?? 'exit 99'], { encoding: 'utf8' }, (error, stdout) =>
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, output: stdout }),
    )
  })
}

const hasCurl = (await shell('command -v curl')).code === 0
const noCurl = hasCurl ? {} : { skip: 'there is no curl on this machine' }

describe('claimgate demo', { timeout: 60_000 }, () => {
  it('listens on the port that is asked for, within ten seconds', () => {
    assert.ok(startedMs < 10_000, `it took ${startedMs} ms`)
    assert.match(
      demo.output.stderr,
      new RegExp(`^Claimgate listens on http://127\\.0\\.0\\.1:${port} — Ctrl-C stops it\\.$`, 'm'),
    )
  })

  it('prints seven commands to paste', () => {
    assert.equal(commands.length, 7)
    assert.equal(
      commands.filter((command) => command.startsWith(`curl -i http://127.0.0.1:${port}/`)).length,
      6,
    )
  })

  const answers: readonly (readonly [title: string, status: number, body: RegExp])[] = [
    ['no token', 401, /"the jwt token is missing"/],
    ['a good token', 200, /^hello, John Snow, at \/hello$/m],
    ['an expired token', 401, /"code":"GW_TOKEN_EXPIRED"/],
    ['a forged token', 401, /"code":"GW_TOKEN_INVALID"/],
    ['a client that claims a name', 200, /^hello, somebody, at \/public\/hello$/m],
    ['a path on the whitelist', 200, /^hello, somebody, at \/public\/hello$/m],
  ]
  for (const [index, [title, status, body]] of answers.entries())
    it(`command ${index + 1}, ${title}, answers ${status} as it says`, noCurl, async () => {
      const { code, output } = await shell(commands[index])
      assert.equal(code, 0)
      assert.match(output, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(output, body)
    })

  it('command 7 explains the forged token', async () => {
    const { code, output } = await shell(commands[6])
    assert.equal(code, 1)
    assert.match(output, /^ {2}signature +✗ the signature is not by this key/m)
  })

  it('reloads when its file is edited, as it says', async () => {
    writeFileSync(configuration, readFileSync(configuration, 'utf8').replace('/public/*', '/open/*'))
    await demo.until('the configuration was reloaded')
    assert.equal((await fetch(`http://127.0.0.1:${port}/open/x`)).status, 200)
  })

  it('says that the port is taken', async () => {
    const { code, stderr } = await run(['demo', '--port', String(port)])
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`cannot listen on \`127\\.0\\.0\\.1:${port}\``))
    assert.match(
      stderr,
      /^error: the demo could not start\nhint: try another port: npm start -- --port 9090$/m,
    )
  })

  it('ends with 0 on Ctrl-C and leaves nothing behind', async () => {
    assert.ok(existsSync(configuration))
    demo.signal('SIGINT')
    assert.equal(await demo.ended, 0)
    assert.equal(existsSync(configuration), false)
  })
})
