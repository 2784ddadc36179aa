import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../boot.ts'
import { DEMO_FUNCTION, demoConfiguration } from '../demo/files.ts'
import { demoText } from '../demo/text.ts'
import { createDemoIssuer } from '../demo/tokens.ts'
import { untilStopped } from '../signals.ts'
import { printError, type ExitCode, type Terminal } from '../terminal.ts'

/** What most examples of gateways use. */
const DEMO_PORT = 8080

/** Starts a gateway that needs nothing: its own keys, a function behind it, and commands to paste. */
export async function demoCommand(
  options: { readonly port?: number },
  terminal: Terminal,
): Promise<ExitCode> {
  // What takes time comes before the folder, so that an early Ctrl-C leaves nothing behind.
  const port = options.port ?? (await freePort(DEMO_PORT))
  const issuer = createDemoIssuer()
  const folder = await mkdtemp(join(tmpdir(), 'claimgate-demo-'))
  try {
    const file = join(folder, 'claimgate.yaml')
    await writeFile(join(folder, 'jwks.json'), JSON.stringify(issuer.jwks, null, 2))
    await writeFile(join(folder, 'hello.js'), DEMO_FUNCTION)
    // Node takes a module for ESM by the nearest package.json; a temporary folder has none.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
    await writeFile(file, demoConfiguration(`127.0.0.1:${port}`))
    const gateway = await startGateway(file, {}, terminal)
    if (gateway === undefined) {
      printError(terminal, 'the demo could not start', 'try another port: npm start -- --port 9090')
      return 1
    }
    // Before anybody is told that it listens, and may tell it to stop.
    const stopped = untilStopped(gateway, terminal)
    const base = gateway.addresses[0] ?? ''
    terminal.err(demoText({ terminal, base, file, issuer, nowSeconds: Math.floor(Date.now() / 1000) }))
    return await stopped
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `preferred`, or any free port where somebody else has it. */
function freePort(preferred: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => (preferred === 0 ? reject(new Error('no port is free')) : resolve(freePort(0))))
    probe.listen(preferred, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : preferred))
    })
  })
}
