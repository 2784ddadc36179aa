/** Generators of HTTP/1.1 byte strings: grammatical messages, and mutations that have been attacks somewhere. */

/** A small seeded generator (mulberry32), so that a failure can be run again from its seed. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  below(n: number): number {
    return Math.floor(this.next() * n)
  }
  chance(probability: number): boolean {
    return this.next() < probability
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH']
const TARGETS = ['/', '/a/b?c=d', '/x?q={1}|[2]"^', '/%2e%2e/a', '/a;b=c', '//h/p', '/~u/[x]|y', '/?a?b=/c']
const NAMES = ['Accept', 'X-A', 'x-b', 'Cookie', 'User-Agent', 'Origin', 'TE', 'Expires', "x!#$%&'*+.^_`|~9"]
const VALUES = [
  'a',
  '',
  'a b\tc',
  '"quoted, text"',
  'é\xff',
  'a:b:c',
  'x'.repeat(40),
  ', ,',
  '0',
  'chunked',
  '{}[]|\\',
]
const FRAMING_TRICKS = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'transfer-encoding:chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked;a=b',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked\t ',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding: chunked\x0c',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: chun\r\n ked',
  'Transfer_Encoding: chunked',
  ' Transfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\r\n\tTransfer-Encoding: chunked',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 05',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 5,5',
  'Content-Length: 5, 5',
  'Content-Length: 5 5',
  'Content-Length: 0x5',
  'Content-Length: 5\t',
  'Content-Length:5 ',
  'Content-Length : 5',
  'Content-Length: 5.0',
  'Content-Length: 5e0',
  'Content-Length: ',
  'Content-Length: 9007199254740992',
  'Content-Length: 18446744073709551621',
  'Content-Length: \u00b2',
  'Content_Length: 5',
  'Content-Length: 5\r\n 0',
  'Host: other',
  'Host: a,b',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: close, keep-alive',
  'Connection: content-length',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Trailer: X',
  'A\x00B: c',
  'A: b\x00c',
  'A: b\x7fc',
  'A(): b',
  ': b',
  'A',
  'A b: c',
]
const CHUNK_TRICKS = [
  '0005\r\nhello\r\n',
  '5 \r\nhello\r\n',
  ' 5\r\nhello\r\n',
  '+5\r\nhello\r\n',
  '-5\r\nhello\r\n',
  '0x5\r\nhello\r\n',
  '5\nhello\r\n',
  '5\rhello\r\n',
  '5\r\nhello\n',
  '5\r\nhello\r',
  '5\r\nhello',
  '5\r\nhelloXX',
  '5;\r\nhello\r\n',
  '5;a\r\nhello\r\n',
  '5;a=b\r\nhello\r\n',
  '5;a="b;\\"c"\r\nhello\r\n',
  '5;a="b\r\nhello\r\n',
  '5;a=b\nhello\r\n',
  '5;a\nXX\r\nhello\r\n',
  '5;a\r\x00hello\r\n',
  '5;\x00\r\nhello\r\n',
  '5 ;a\r\nhello\r\n',
  '5; a\r\nhello\r\n',
  '5;a=\r\nhello\r\n',
  '5;a;;b\r\nhello\r\n',
  '5_0\r\nhello\r\n',
  'g\r\nhello\r\n',
  '\r\n',
  'ffffffffffffffff\r\nhello\r\n',
  '10000000000000005\r\nhello\r\n',
  '0000000000000005\r\nhello\r\n',
  'A\r\n0123456789\r\n',
]
const TRAILERS = [
  'X-T: v',
  'grpc-status: 0',
  'Content-Length: 5',
  'Host: b',
  'a : b',
  'A: b\nB: c',
  '',
  'X\x00: a',
  ' folded',
]

/** One request, mostly well-formed, with a body of its own. Latin1, one character a byte. */
export function request(random: Random): string {
  const method = random.pick(METHODS)
  const version = random.chance(0.9) ? 'HTTP/1.1' : 'HTTP/1.0'
  const lines = [`${method} ${random.pick(TARGETS)} ${version}`, 'Host: example.com']
  return head(random, lines)
}

/** One response, mostly well-formed. */
export function response(random: Random): string {
  const status = random.pick([
    '200 OK',
    '200 OK',
    '404 Not Found',
    '204 No Content',
    '304 ',
    '500',
    '100 Continue',
    '299 \xe9',
  ])
  return head(random, [`${random.chance(0.9) ? 'HTTP/1.1' : 'HTTP/1.0'} ${status}`])
}

function head(random: Random, lines: string[]): string {
  for (let i = random.below(4); i > 0; i--)
    lines.push(`${random.pick(NAMES)}:${random.pick(['', ' ', '\t', '  '])}${random.pick(VALUES)}`)
  if (random.chance(0.05)) lines.push('Connection: close')
  let body = ''
  const kind = random.below(4)
  if (kind === 1) {
    body = content(random)
    lines.push(`Content-Length: ${body.length}`)
  } else if (kind === 2) {
    body = chunked(random)
    lines.push('Transfer-Encoding: chunked')
  }
  if (random.chance(1 / 3)) {
    lines.splice(1 + random.below(lines.length), 0, random.pick(FRAMING_TRICKS))
  }
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function content(random: Random): string {
  return Array.from({ length: random.below(20) }, () =>
    random.pick(['a', '0', '\r\n', '\n', 'GET / HTTP/1.1', '\x00']),
  ).join('')
}

function chunked(random: Random): string {
  let text = ''
  for (let i = random.below(3); i > 0; i--) {
    if (random.chance(0.25)) text += random.pick(CHUNK_TRICKS)
    const data = content(random)
    if (data !== '') text += `${data.length.toString(16)}${random.chance(0.2) ? ';x=y' : ''}\r\n${data}\r\n`
  }
  text += random.chance(0.9)
    ? '0\r\n'
    : random.pick(['00\r\n', '0;a\r\n', '0 \r\n', '0\n', '-0\r\n', '\r\n0\r\n'])
  for (let i = random.chance(0.3) ? random.below(3) : 0; i > 0; i--) text += `${random.pick(TRAILERS)}\r\n`
  return `${text}\r\n`
}

const INSERTIONS = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\x00',
  '\x0b',
  '\x7f',
  '\x80',
  ':',
  ';',
  ',',
  '0',
  '5',
  '-',
  '+',
  '_',
  '#',
  '"',
  '\\',
]

/** Up to three small changes of the bytes: something put in, taken out, exchanged, doubled. */
export function mutate(random: Random, text: string): string {
  let mutated = text
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(mutated.length + 1)
    switch (random.below(6)) {
      case 0:
      case 1:
        mutated = mutated.slice(0, at) + random.pick(INSERTIONS) + mutated.slice(at)
        break
      case 2:
        mutated = mutated.slice(0, at) + mutated.slice(at + 1 + random.below(2))
        break
      case 3:
        mutated = mutated.slice(0, at) + String.fromCharCode(random.below(256)) + mutated.slice(at + 1)
        break
      case 4:
        mutated = mutated.slice(0, at) + mutated.slice(Math.max(0, at - 8))
        break
      default:
        mutated = swapLineEnd(random, mutated)
    }
  }
  return mutated
}

/** Line ends are where readers disagree most, so they get a mutation of their own. */
function swapLineEnd(random: Random, text: string): string {
  const ends = [...text.matchAll(/\r\n/g)].map((match) => match.index)
  if (ends.length === 0) return text
  const at = random.pick(ends)
  return (
    text.slice(0, at) +
    random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\r\n', '']) +
    text.slice(at + 2)
  )
}

/** Cuts bytes into pieces at random places; now and then into single bytes. */
export function cut(random: Random, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  const longest = random.chance(0.2) ? 1 : 1 + random.below(bytes.length + 1)
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(longest)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
