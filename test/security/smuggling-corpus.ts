/**
 * Messages that some pair of servers has read in two ways: request smuggling, response splitting, desynchronisation.
 * Data only, latin1 with one character a byte, so that they can be replayed against the codec and against sockets.
 */
import type { HttpProblemReason } from '../../src/http1/index.ts'

export interface SmugglingCase {
  /** What is tried, as a name for the attack. */
  readonly name: string
  readonly bytes: string
  /** The private reason of the refusal, or `taken` for a message that has one meaning only. */
  readonly expected: HttpProblemReason | 'taken'
}

const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: internal\r\n\r\n'
const CHUNKED_BODY = '5\r\nhello\r\n0\r\n\r\n'

/** A POST with these field lines, and a body after it. */
function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: example.com\r\n${fields}\r\n\r\n${body}`
}

function get(fields: string): string {
  return `GET / HTTP/1.1\r\nHost: example.com\r\n${fields}\r\n\r\n`
}

function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body)
}

function answer(fields: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`
}

const TWO_LENGTHS: readonly SmugglingCase[] = [
  {
    name: 'CL.TE',
    bytes: post('Content-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nG'),
    expected: 'two-lengths',
  },
  {
    name: 'TE.CL',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5c\r\n${SMUGGLED}0\r\n\r\n`),
    expected: 'two-lengths',
  },
  {
    name: 'CL.TE with equal meaning',
    bytes: post('Content-Length: 15\r\nTransfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'two-lengths',
  },
  {
    name: 'CL.TE and Connection: close',
    bytes: post('Connection: close\r\nContent-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nG'),
    expected: 'two-lengths',
  },
  {
    name: 'TE.0: chunked beside Content-Length: 0',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 0', CHUNKED_BODY),
    expected: 'two-lengths',
  },
  {
    name: 'CL.CL with two values',
    bytes: post('Content-Length: 0\r\nContent-Length: 43', SMUGGLED),
    expected: 'content-length-repeated',
  },
  {
    name: 'CL.CL with one value twice',
    bytes: post('Content-Length: 5\r\nContent-Length: 5', 'hello'),
    expected: 'content-length-repeated',
  },
  {
    name: 'CL.CL in two cases',
    bytes: post('Content-Length: 5\r\ncontent-length: 6', 'hello'),
    expected: 'content-length-repeated',
  },
  {
    name: 'Content_Length for a CGI backend',
    bytes: post('Content_Length: 43', SMUGGLED),
    expected: 'framing-name',
  },
  {
    name: 'Transfer_Encoding for a CGI backend',
    bytes: post('transfer_encoding: chunked', CHUNKED_BODY),
    expected: 'framing-name',
  },
  {
    name: 'Transfer_Encoding beside Content-Length',
    bytes: post('Content-Length: 5\r\nTransfer_Encoding: chunked', 'hello'),
    expected: 'framing-name',
  },
]

const CONTENT_LENGTH: readonly SmugglingCase[] = [
  ...[
    '+5',
    '-5',
    '-0',
    '5,5',
    '5, 5',
    '5, 6',
    '5 5',
    '0x5',
    '5;',
    '5.0',
    '5e0',
    '05',
    '00',
    '5_0',
    '"5"',
    '\xb25',
    'five',
    '',
  ].map((value): SmugglingCase => ({
    name: `Content-Length of \`${value}\``,
    bytes: post(`Content-Length: ${value}`, 'hello'),
    expected: 'content-length',
  })),
  {
    name: 'Content-Length of 2^53',
    bytes: post('Content-Length: 9007199254740992', ''),
    expected: 'content-length-too-large',
  },
  {
    name: 'Content-Length that wraps at 2^64',
    bytes: post('Content-Length: 18446744073709551621', 'hello'),
    expected: 'content-length-too-large',
  },
  {
    name: 'Content-Length with a vertical tab',
    bytes: post('Content-Length: \x0b5', 'hello'),
    expected: 'header-value',
  },
  {
    name: 'Content-Length with a NUL',
    bytes: post('Content-Length: 5\x00', 'hello'),
    expected: 'header-value',
  },
  {
    name: 'Content-Length folded over two lines',
    bytes: post('Content-Length: 5\r\n 0', 'hello'),
    expected: 'obs-fold',
  },
  {
    name: 'Content-Length with a space before the colon (CVE-2021-22959)',
    bytes: post('Content-Length : 5', 'hello'),
    expected: 'header-name-space',
  },
  {
    name: 'CL.0: a length on GET is still a length',
    bytes: `${get('Content-Length: 5')}hello${SMUGGLED}`,
    expected: 'taken',
  },
  {
    name: '0.CL: a length behind a space in its name',
    bytes: post('Content -Length: 43', SMUGGLED),
    expected: 'header-name',
  },
  {
    name: 'Connection asks the next hop to drop Content-Length',
    bytes: post('Content-Length: 5\r\nConnection: Content-Length', 'hello'),
    expected: 'connection-option',
  },
  {
    name: 'Connection asks the next hop to drop Transfer-Encoding',
    bytes: post('Transfer-Encoding: chunked\r\nConnection: close, transfer-encoding', CHUNKED_BODY),
    expected: 'connection-option',
  },
  {
    name: 'Connection asks the next hop to drop Host',
    bytes: get('Connection: HOST'),
    expected: 'connection-option',
  },
]

const PADDED_LENGTHS: readonly SmugglingCase[] = ['5 ', '5\t', '\t5', ' \t5'].map((value) => ({
  name: `Content-Length with padding: ${JSON.stringify(value)}`,
  bytes: post(`Content-Length: ${value}`, 'hello'),
  expected: 'framing-space',
}))

const TRANSFER_ENCODING: readonly SmugglingCase[] = [
  ...[
    'xchunked',
    'chunkedx',
    'identity',
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
    ', chunked',
    'chunked,',
    'chunked;a=b',
    '"chunked"',
    "'chunked'",
    'chunked chunked',
    'x chunked',
    '{chunked',
    'chunk\xe9d',
    '',
  ].map((value): SmugglingCase => ({
    name: `TE.TE with \`${value}\``,
    bytes: post(`Transfer-Encoding: ${value}`, CHUNKED_BODY),
    expected: 'transfer-encoding',
  })),
  ...['gzip, chunked', 'gzip,chunked', 'x-gzip, deflate, Chunked'].map((value): SmugglingCase => ({
    name: `TE.TE with \`${value}\``,
    bytes: post(`Transfer-Encoding: ${value}`, CHUNKED_BODY),
    expected: 'transfer-coding-unsupported',
  })),
  {
    name: 'TE.TE: a final gzip after chunked',
    bytes: post('Transfer-Encoding: chunked, gzip', CHUNKED_BODY),
    expected: 'transfer-encoding',
  },
  {
    name: 'TE.TE in two lines',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', CHUNKED_BODY),
    expected: 'transfer-encoding-repeated',
  },
  {
    name: 'TE.TE with the same line twice',
    bytes: post('Transfer-Encoding: chunked\r\nTransfer-encoding: chunked', CHUNKED_BODY),
    expected: 'transfer-encoding-repeated',
  },
  {
    name: 'TE with a vertical tab',
    bytes: post('Transfer-Encoding: \x0bchunked', CHUNKED_BODY),
    expected: 'header-value',
  },
  {
    name: 'TE with a form feed',
    bytes: post('Transfer-Encoding: chunked\x0c', CHUNKED_BODY),
    expected: 'header-value',
  },
  {
    name: 'TE with a NUL',
    bytes: post('Transfer-Encoding: chunked\x00', CHUNKED_BODY),
    expected: 'header-value',
  },
  {
    name: 'TE with a no-break space',
    bytes: post('Transfer-Encoding: \xa0chunked', CHUNKED_BODY),
    expected: 'transfer-encoding',
  },
  {
    name: 'TE with a space before the colon (CVE-2019-16869)',
    bytes: post('Transfer-Encoding : chunked', CHUNKED_BODY),
    expected: 'header-name-space',
  },
  {
    name: 'TE with a tab before the colon',
    bytes: post('Transfer-Encoding\t: chunked', CHUNKED_BODY),
    expected: 'header-name-space',
  },
  {
    name: 'TE with a NUL before the colon',
    bytes: post('Transfer-Encoding\x00: chunked', CHUNKED_BODY),
    expected: 'header-name',
  },
  {
    name: 'TE with a space before the name (CVE-2024-27982 kin)',
    bytes: post(' Transfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'obs-fold',
  },
  {
    name: 'TE folded at its start',
    bytes: post('Transfer-Encoding:\r\n chunked', CHUNKED_BODY),
    expected: 'obs-fold',
  },
  {
    name: 'TE folded inside (CVE-2022-32215)',
    bytes: post('Transfer-Encoding: chunked\r\n , identity', CHUNKED_BODY),
    expected: 'obs-fold',
  },
  {
    name: 'TE hidden behind a bare LF (CVE-2022-35256)',
    bytes: post('X: y\nTransfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'bare-lf',
  },
  {
    name: 'TE hidden behind a bare CR (CVE-2023-30589)',
    bytes: post('X: y\rTransfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'bare-cr',
  },
  {
    name: 'TE ended by CR CR LF',
    bytes: post('Transfer-Encoding: chunked\r', CHUNKED_BODY),
    expected: 'bare-cr',
  },
  {
    name: 'TE in a request of HTTP/1.0',
    bytes: post('Transfer-Encoding: chunked', CHUNKED_BODY).replace('/1.1', '/1.0'),
    expected: 'transfer-encoding-http-1-0',
  },
  { name: 'TE in another case', bytes: post('TRANSFER-ENCODING: cHuNkEd', CHUNKED_BODY), expected: 'taken' },
  // node:http reads the first of these as another coding: the fuzz against it found that.
  ...['chunked\t', 'chunked ', 'chunked\t ', '\tchunked', ' \t chunked'].map((value): SmugglingCase => ({
    name: `TE with padding: ${JSON.stringify(value)}`,
    bytes: post(`Transfer-Encoding: ${value}`, CHUNKED_BODY),
    expected: 'framing-space',
  })),
  {
    name: 'TE with spaces before',
    bytes: post('Transfer-Encoding:   chunked', CHUNKED_BODY),
    expected: 'taken',
  },
]

const CHUNKS: readonly SmugglingCase[] = [
  ...[' 5', '5 ', '\t5', '+5', '-5', '0x5', '5_0', '5,', 'g', '', '5\x00', '\xb2', '5.'].map(
    (size): SmugglingCase => ({
      name: `chunk size of \`${size}\``,
      bytes: chunked(`${size}\r\nhello\r\n0\r\n\r\n`),
      expected: 'chunk-size',
    }),
  ),
  {
    name: 'chunk size that wraps at 2^64',
    bytes: chunked('10000000000000005\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-size-too-large',
  },
  {
    name: 'chunk size that wraps at 2^32 stays large',
    bytes: chunked('100000005\r\nhello\r\n0\r\n\r\n'),
    expected: 'body-incomplete',
  },
  {
    name: 'chunk size with endless zeros',
    bytes: chunked(`${'0'.repeat(40)}5\r\nhello\r\n0\r\n\r\n`),
    expected: 'chunk-size-too-large',
  },
  {
    name: 'chunk size ended by a bare LF (CVE-2025-22871)',
    bytes: chunked('5\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-size',
  },
  { name: 'chunk size ended by a bare CR', bytes: chunked('5\rhello\r\n0\r\n\r\n'), expected: 'chunk-size' },
  {
    name: 'chunk data ended by a bare LF (EXT.TWO)',
    bytes: chunked('5\r\nhello\n0\r\n\r\n'),
    expected: 'chunk-end',
  },
  { name: 'chunk data ended by a bare CR', bytes: chunked('5\r\nhello\r0\r\n\r\n'), expected: 'chunk-end' },
  { name: 'chunk data with nothing after it', bytes: chunked('5\r\nhello0\r\n\r\n'), expected: 'chunk-end' },
  {
    name: 'chunk data with two other bytes after it',
    bytes: chunked('5\r\nhelloXX0\r\n\r\n'),
    expected: 'chunk-end',
  },
  {
    name: 'chunk data that spills over its size',
    bytes: chunked(`5\r\nhello${SMUGGLED}0\r\n\r\n`),
    expected: 'chunk-end',
  },
  {
    name: 'TERM.EXT: bare LF in a chunk extension (CVE-2025-55315)',
    bytes: chunked('2;\nxx\r\n4c\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'EXT.TERM: bare LF after a named extension (CVE-2025-58056)',
    bytes: chunked(`2;a\nxx\r\n1a\r\n0\r\n\r\n${SMUGGLED}`),
    expected: 'chunk-extension',
  },
  {
    name: 'bare CR in a chunk extension',
    bytes: chunked('5;a\rb\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-size',
  },
  {
    name: 'NUL in a chunk extension (CVE-2021-22960)',
    bytes: chunked('5;a\x00\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'chunk extension without a name',
    bytes: chunked('5;\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'chunk extension with a space',
    bytes: chunked('5; a=b\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'chunk extension in open quotes over a line end',
    bytes: chunked('5;a="\r\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'chunk extension without end (CVE-2024-22019)',
    bytes: chunked(`5;a=${'x'.repeat(20_000)}`),
    expected: 'chunk-extension-too-long',
  },
  {
    name: 'chunk extensions of many chunks (CVE-2024-22019)',
    bytes: chunked(`1;${'a'.repeat(500)}\r\nx\r\n`.repeat(40)),
    expected: 'chunk-extension-too-long',
  },
  {
    name: 'chunk extension by the grammar',
    bytes: chunked('5;a;b=c;d="\\"e;\xe9"\r\nhello\r\n0;f\r\n\r\n'),
    expected: 'taken',
  },
  { name: 'last chunk of two zeros', bytes: chunked('5\r\nhello\r\n00\r\n\r\n'), expected: 'taken' },
  { name: 'trailer section ended by a bare LF', bytes: chunked('0\r\n\n'), expected: 'trailer' },
  { name: 'trailer line ended by a bare LF', bytes: chunked('0\r\nX: y\n\r\n'), expected: 'trailer' },
  { name: 'trailer that is a request line', bytes: chunked(`0\r\n${SMUGGLED}`), expected: 'trailer' },
  { name: 'trailer that is folded', bytes: chunked('0\r\nX: y\r\n z\r\n\r\n'), expected: 'trailer' },
  ...[
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Host: internal',
    'Authorization: Bearer x',
    'x_forwarded_for: ::1',
    'X-Forwarded-For: ::1',
    'Content-Type: a/b',
    'Cookie: a=b',
    'Connection: close',
  ].map((field): SmugglingCase => ({
    name: `trailer \`${field}\``,
    bytes: chunked(`0\r\n${field}\r\n\r\n`),
    expected: 'trailer-forbidden',
  })),
  {
    name: 'trailer that is endless',
    bytes: chunked(`0\r\n${'X: y\r\n'.repeat(2000)}\r\n`),
    expected: 'trailer-too-large',
  },
  { name: 'trailer that is harmless', bytes: chunked('0\r\ngrpc-status: 0\r\n\r\n'), expected: 'taken' },
]

const LINES: readonly SmugglingCase[] = [
  { name: 'all line ends bare LF', bytes: 'GET / HTTP/1.1\nHost: example.com\n\n', expected: 'bare-lf' },
  {
    name: 'request line ended by a bare LF',
    bytes: 'GET / HTTP/1.1\nHost: example.com\r\n\r\n',
    expected: 'bare-lf',
  },
  { name: 'head ended by LF LF', bytes: 'GET / HTTP/1.1\r\nHost: example.com\n\n', expected: 'bare-lf' },
  { name: 'head ended by CRLF LF', bytes: 'GET / HTTP/1.1\r\nHost: example.com\r\n\n', expected: 'bare-lf' },
  {
    name: 'head ended by LF CR LF',
    bytes: 'GET / HTTP/1.1\r\nHost: example.com\n\r\n\r\n',
    expected: 'bare-lf',
  },
  {
    name: 'bare CR in the request line',
    bytes: 'GET /\r HTTP/1.1\r\nHost: example.com\r\n\r\n',
    expected: 'target-character',
  },
  { name: 'bare CR in a value', bytes: get('X: a\rb'), expected: 'bare-cr' },
  { name: 'NUL in a value', bytes: get('X: a\x00b'), expected: 'header-value' },
  { name: 'DEL in a value', bytes: get('X: a\x7fb'), expected: 'header-value' },
  { name: 'escape in a value', bytes: get('X: \x1b[31m'), expected: 'header-value' },
  { name: 'NUL in a name', bytes: get('X\x00Y: a'), expected: 'header-name' },
  { name: 'name in UTF-8', bytes: get('X\xc3\xa9: a'), expected: 'header-name' },
  { name: 'name that is empty', bytes: get(': a'), expected: 'header-name' },
  { name: 'name with a space', bytes: get('X Y: a'), expected: 'header-name' },
  { name: 'name with parentheses', bytes: get('X(): a'), expected: 'header-name' },
  { name: 'line without a colon', bytes: get('Transfer-Encoding'), expected: 'header-name' },
  { name: 'line of white space', bytes: get(' '), expected: 'obs-fold' },
  {
    name: 'first line folded',
    bytes: 'GET / HTTP/1.1\r\n Host: example.com\r\nHost: example.com\r\n\r\n',
    expected: 'obs-fold',
  },
  { name: 'obs-fold with a tab', bytes: get('X: a\r\n\tb'), expected: 'obs-fold' },
  { name: 'one empty line before', bytes: `\r\n${get('X: a')}`, expected: 'taken' },
  { name: 'two empty lines before', bytes: `\r\n\r\n${get('X: a')}`, expected: 'method' },
  { name: 'bare LF before', bytes: `\n${get('X: a')}`, expected: 'method' },
  { name: 'bare CR before', bytes: `\r${get('X: a')}`, expected: 'bare-cr' },
  { name: 'space before', bytes: ` ${get('X: a')}`, expected: 'method' },
  { name: 'byte order mark before', bytes: `\xef\xbb\xbf${get('X: a')}`, expected: 'method' },
]

const REQUEST_LINES: readonly SmugglingCase[] = [
  ['absolute-form with another host', 'GET http://internal/admin HTTP/1.1', 'target-form'],
  ['absolute-form with the same host', 'GET http://example.com/ HTTP/1.1', 'target-form'],
  ['authority-form', 'GET internal:80 HTTP/1.1', 'target-form'],
  ['CONNECT', 'CONNECT internal:80 HTTP/1.1', 'method-connect'],
  ['CONNECT with a path', 'CONNECT / HTTP/1.1', 'method-connect'],
  ['asterisk with GET', 'GET * HTTP/1.1', 'target-form'],
  ['asterisk with OPTIONS', 'OPTIONS * HTTP/1.1', 'taken'],
  ['target that begins with @', 'GET @internal/ HTTP/1.1', 'target-form'],
  ['target that is empty', 'GET  HTTP/1.1', 'request-line'],
  ['fragment', 'GET /a#b HTTP/1.1', 'target-character'],
  ['fragment in the query', 'GET /?a#b HTTP/1.1', 'target-character'],
  ['backslash in the path', 'GET /a\\..\\admin HTTP/1.1', 'target-character'],
  ['NUL in the target', 'GET /\x00 HTTP/1.1', 'target-character'],
  ['tab in the target', 'GET /a\tb HTTP/1.1', 'target-character'],
  ['raw UTF-8 in the target', 'GET /\xc3\xa9 HTTP/1.1', 'target-character'],
  ['overlong UTF-8 slash in the target', 'GET /a\xc0\xaf.. HTTP/1.1', 'target-character'],
  ['space in the target', 'GET /a b HTTP/1.1', 'request-line'],
  ['second request line in the target', 'GET / HTTP/1.1 HTTP/1.1', 'request-line'],
  ['two spaces after the method', 'GET  / HTTP/1.1', 'request-line'],
  ['two spaces before the version', 'GET /  HTTP/1.1', 'request-line'],
  ['tab for a space', 'GET\t/ HTTP/1.1', 'method'],
  ['tab before the version', 'GET /\tHTTP/1.1', 'request-line'],
  ['space after the version', 'GET / HTTP/1.1 ', 'request-line'],
  ['no version (HTTP/0.9)', 'GET /', 'request-line'],
  ['HTTP/0.9 by name', 'GET / HTTP/0.9', 'version'],
  ['HTTP/1.2', 'GET / HTTP/1.2', 'version'],
  ['HTTP/2.0', 'GET / HTTP/2.0', 'version'],
  ['preface of HTTP/2', 'PRI * HTTP/2.0', 'version'],
  ['HTTP/1.10', 'GET / HTTP/1.10', 'request-line'],
  ['HTTP/1', 'GET / HTTP/1', 'request-line'],
  ['version in lower case', 'GET / http/1.1', 'request-line'],
  ['other protocol', 'GET / ICAP/1.0', 'request-line'],
  ['method with a slash', 'G/T / HTTP/1.1', 'method'],
  ['method with a colon', 'X: GET / HTTP/1.1', 'method'],
  ['method that is long', `${'A'.repeat(33)} / HTTP/1.1`, 'method-too-long'],
  ['target that is long', `GET /${'a'.repeat(8192)} HTTP/1.1`, 'target-too-long'],
].map(([name, line, expected]) => ({
  name: name!,
  bytes: `${line!}\r\nHost: example.com\r\n\r\n`,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a reason that does not exist fails its test
  expected: expected as SmugglingCase['expected'],
}))

const HOSTS: readonly SmugglingCase[] = [
  { name: 'no Host', bytes: 'GET / HTTP/1.1\r\nX: a\r\n\r\n', expected: 'host-missing' },
  { name: 'no fields at all', bytes: 'GET / HTTP/1.1\r\n\r\n', expected: 'host-missing' },
  { name: 'no Host in HTTP/1.0', bytes: 'GET / HTTP/1.0\r\nX: a\r\n\r\n', expected: 'taken' },
  { name: 'two Hosts', bytes: get('Host: internal'), expected: 'host-repeated' },
  { name: 'one Host twice', bytes: get('host: example.com'), expected: 'host-repeated' },
  {
    name: 'Host with a space before the colon',
    bytes: 'GET / HTTP/1.1\r\nHost : a\r\nHost: b\r\n\r\n',
    expected: 'header-name-space',
  },
  ...[
    '',
    'a b',
    'a, b',
    'a,b',
    'a@b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'http://a',
    'a:',
    'a:b',
    'a:80:80',
    'a:65536',
    ':80',
    '[::1',
    '::1',
    '[::1]x',
    '[::1%25eth0]',
    '[v1.a]',
    '%61',
    'a\xe9',
    '"a"',
    'a'.repeat(261),
  ].map((host): SmugglingCase => ({
    name: `Host of \`${host.slice(0, 20)}\``,
    bytes: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    expected: 'host-invalid',
  })),
  ...['a', 'A.example.com.', 'a_b', '127.0.0.1:8080', '[::1]', '[2001:db8::1]:443', '[::ffff:127.0.0.1]'].map(
    (host): SmugglingCase => ({
      name: `Host of \`${host}\``,
      bytes: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      expected: 'taken',
    }),
  ),
]

/** Sent by a client. */
export const SMUGGLING_REQUESTS: readonly SmugglingCase[] = [
  ...TWO_LENGTHS,
  ...CONTENT_LENGTH,
  ...PADDED_LENGTHS,
  ...TRANSFER_ENCODING,
  ...CHUNKS,
  ...LINES,
  ...REQUEST_LINES,
  ...HOSTS,
]

/** Sent by a backend, in answer to a GET. */
export const SMUGGLING_RESPONSES: readonly SmugglingCase[] = [
  {
    name: 'both lengths',
    bytes: answer('Content-Length: 5\r\nTransfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'two-lengths',
  },
  {
    name: 'two Content-Lengths',
    bytes: answer('Content-Length: 5\r\nContent-Length: 6', 'hello'),
    expected: 'content-length-repeated',
  },
  {
    name: 'one Content-Length twice',
    bytes: answer('Content-Length: 5\r\nContent-Length: 5', 'hello'),
    expected: 'content-length-repeated',
  },
  {
    name: 'a list of Content-Lengths',
    bytes: answer('Content-Length: 5, 5', 'hello'),
    expected: 'content-length',
  },
  {
    name: 'a negative Content-Length',
    bytes: answer('Content-Length: -1', 'hello'),
    expected: 'content-length',
  },
  {
    name: 'gzip and chunked',
    bytes: answer('Transfer-Encoding: gzip, chunked', CHUNKED_BODY),
    expected: 'transfer-coding-unsupported',
  },
  { name: 'identity', bytes: answer('Transfer-Encoding: identity', 'hello'), expected: 'transfer-encoding' },
  {
    name: 'Transfer-Encoding twice',
    bytes: answer('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', CHUNKED_BODY),
    expected: 'transfer-encoding-repeated',
  },
  {
    name: 'chunked in HTTP/1.0',
    bytes: answer('Transfer-Encoding: chunked', CHUNKED_BODY).replace('/1.1', '/1.0'),
    expected: 'transfer-encoding-http-1-0',
  },
  { name: 'splitting by a bare LF', bytes: answer('X: a\nSet-Cookie: b=c'), expected: 'bare-lf' },
  { name: 'splitting by a bare CR', bytes: answer('X: a\rSet-Cookie: b=c'), expected: 'bare-cr' },
  { name: 'obs-fold', bytes: answer('X: a\r\n b'), expected: 'obs-fold' },
  {
    name: 'space before the colon',
    bytes: answer('Content-Length : 5', 'hello'),
    expected: 'header-name-space',
  },
  { name: 'NUL in a value', bytes: answer('X: a\x00'), expected: 'header-value' },
  {
    name: 'a body under 204 by chunked',
    bytes: `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_BODY}`,
    expected: 'transfer-encoding-not-allowed',
  },
  {
    name: 'a body under 204 by length',
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
    expected: 'content-length-not-allowed',
  },
  {
    name: 'a body under 100',
    bytes: 'HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello',
    expected: 'content-length-not-allowed',
  },
  { name: 'an empty line before', bytes: `\r\n${answer('X: a')}`, expected: 'status-line' },
  { name: 'HTTP/0.9: no head', bytes: '<html>\r\n\r\n', expected: 'status-line' },
  { name: 'HTTP/2', bytes: 'HTTP/2.0 200 OK\r\n\r\n', expected: 'status-line' },
  { name: 'ICY', bytes: 'ICY 200 OK\r\n\r\n', expected: 'status-line' },
  { name: 'a status of two digits', bytes: 'HTTP/1.1 20 OK\r\n\r\n', expected: 'status-line' },
  { name: 'a status of four digits', bytes: 'HTTP/1.1 2000 OK\r\n\r\n', expected: 'status-line' },
  { name: 'a status under 100', bytes: 'HTTP/1.1 099 OK\r\n\r\n', expected: 'status-line' },
  { name: 'a status with a sign', bytes: 'HTTP/1.1 +20 OK\r\n\r\n', expected: 'status-line' },
  { name: 'two spaces before the status', bytes: 'HTTP/1.1  200 OK\r\n\r\n', expected: 'status-line' },
  {
    name: 'a control character in the reason',
    bytes: 'HTTP/1.1 200 O\x00K\r\n\r\n',
    expected: 'status-line',
  },
  {
    name: 'a length that is cut short',
    bytes: answer('Content-Length: 6', 'hello'),
    expected: 'body-incomplete',
  },
  {
    name: 'chunks that are cut short',
    bytes: answer('Transfer-Encoding: chunked', '5\r\nhello\r\n'),
    expected: 'body-incomplete',
  },
  {
    name: 'a chunk ended by a bare LF',
    bytes: answer('Transfer-Encoding: chunked', '5\r\nhello\n0\r\n\r\n'),
    expected: 'chunk-end',
  },
  {
    name: 'a bare LF in a chunk extension',
    bytes: answer('Transfer-Encoding: chunked', '5;a\nhello\r\n0\r\n\r\n'),
    expected: 'chunk-extension',
  },
  {
    name: 'Connection asks to drop Content-Length',
    bytes: answer('Content-Length: 5\r\nConnection: content-length', 'hello'),
    expected: 'connection-option',
  },
  { name: 'a body that ends with the connection', bytes: answer('X: a', 'hello'), expected: 'taken' },
  {
    name: 'a second response behind the first',
    bytes: `${answer('Content-Length: 5', 'hello')}${answer('X: smuggled')}`,
    expected: 'taken',
  },
]
