import { paint, type Terminal } from '../terminal.ts'
import type { DemoIssuer } from './tokens.ts'

export interface DemoFacts {
  readonly terminal: Terminal
  /** `http://127.0.0.1:8080`. */
  readonly base: string
  /** The configuration that the demo runs on. */
  readonly file: string
  readonly issuer: DemoIssuer
  readonly nowSeconds: number
}

/** What the demo prints: seven commands, each with what it answers. The tokens are good for a day. */
export function demoText({ terminal, base, file, issuer, nowSeconds: now }: DemoFacts): string {
  const claims = { iss: 'https://issuer.example', sub: '1234567890', name: 'John Snow', iat: now }
  const good = issuer.token({ ...claims, exp: now + 86_400 })
  const expired = issuer.token({ ...claims, iat: now - 7200, exp: now - 3600 })
  const forged = issuer.forgedToken({ ...claims, name: 'Mallory', exp: now + 86_400 })
  const bearer = (token: string): string => `-H 'Authorization: Bearer ${token}'`
  const step = (title: string, command: string): string =>
    `${paint(terminal, 'cyan', `# ${title}`)}\n${command}\n\n`
  return [
    `\n${paint(terminal, 'bold', `Claimgate listens on ${base}`)} — Ctrl-C stops it.\n`,
    `Its configuration is ${file}; edit and save it, and the gateway reloads.\n`,
    'Paste these into another terminal:\n\n',
    step('1. no token: 401, the jwt token is missing', `curl -i ${base}/hello`),
    step(
      '2. a good token: 200, and the claim `name` arrives at the function as `nametofunction`',
      `curl -i ${base}/hello ${bearer(good)}`,
    ),
    step('3. an expired token: 401', `curl -i ${base}/hello ${bearer(expired)}`),
    step('4. a forged token: 401', `curl -i ${base}/hello ${bearer(forged)}`),
    step(
      '5. a client that claims a name itself: the gateway removes it',
      `curl -i ${base}/public/hello -H 'nametofunction: Mallory'`,
    ),
    step('6. a path on the whitelist needs no token: 200', `curl -i ${base}/public/hello`),
    step(
      '7. why was the forged token refused?',
      `${ownCommand()} explain ${word(file)} --curl "curl ${base}/hello ${bearer(forged)}"`,
    ),
  ].join('')
}

/** This program with the Node that it runs on: the other terminal may have an older one, or stand in another folder. */
function ownCommand(): string {
  return [process.execPath, process.argv[1] ?? 'claimgate'].map(word).join(' ')
}

function word(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
