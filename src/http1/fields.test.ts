import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { parseFields } from './fields.ts'

test('fields keep case, order and repetition, and lose the white space around their values (RFC 9112 §5.1)', () => {
  const block = 'B: 1\r\na:2\r\nB:\t 3 x \t\r\nEmpty:\r\nBlank: \t \r\nObs: \xe9\xff\r\nC: a:b: c\r\n'
  deepEqual(pairs(block), [
    'B',
    '1',
    'a',
    '2',
    'B',
    '3 x',
    'Empty',
    '',
    'Blank',
    '',
    'Obs',
    '\xe9\xff',
    'C',
    'a:b: c',
  ])
})

test('no lines are no fields', () => {
  deepEqual(pairs(''), [])
})

test('the fields that the codec acts on are found in any case, and counted', () => {
  const fields = parse(
    'HOST: a\r\nhost: b\r\nContent-Length: 1\r\ncontent-length: 2\r\ntransfer-ENCODING: x\r\n',
  )
  ok(!('reason' in fields))
  const { hosts, host, contentLengths, contentLength, transferEncodings, transferEncoding } = fields
  deepEqual(
    [hosts, host, contentLengths, contentLength, transferEncodings, transferEncoding],
    [2, 'b', 2, '2', 1, 'x'],
  )
})

test('repeated list fields are joined in order (RFC 9110 §5.3)', () => {
  const fields = parse(
    'Connection: a\r\nTE: x\r\nconnection: b, c\r\nUpgrade: u\r\nupgrade: v\r\nExpect: e\r\nte: y\r\n',
  )
  ok(!('reason' in fields))
  deepEqual([fields.connection, fields.upgrade, fields.expect, fields.te], ['a, b, c', 'u, v', 'e', 'x, y'])
})

test('names of the same length or first letter are not taken for the ones that the codec acts on', () => {
  const fields = parse(
    'Tx: 1\r\nhoss: 1\r\nExpecx: 1\r\nUpgradX: 1\r\nConnectioX: 1\r\nContent-LengtX: 1\r\n',
  )
  ok(!('reason' in fields))
  deepEqual(
    [fields.te, fields.hosts, fields.expect, fields.upgrade, fields.connection, fields.contentLengths],
    ['', 0, '', '', '', 0],
  )
})

test('a malformed line is refused with the reason that fits it', () => {
  equal(reason(' a: b\r\n'), 'obs-fold')
  equal(reason('a: b\r\n\tc\r\n'), 'obs-fold')
  equal(reason('a : b\r\n'), 'header-name-space')
  equal(reason('a\t: b\r\n'), 'header-name-space')
  equal(reason(': b\r\n'), 'header-name')
  equal(reason('a b: c\r\n'), 'header-name')
  equal(reason('a\r\n'), 'header-name')
  equal(reason('a\xe9: c\r\n'), 'header-name')
  equal(reason('a: b\rc\r\n'), 'bare-cr')
  equal(reason('a: b\nc: d\r\n'), 'bare-lf')
  equal(reason('a: b\x00\r\n'), 'header-value')
  equal(reason('a: \x7f\r\n'), 'header-value')
})

test('white space that some readers keep is refused about a framing field, and spaces before it are not', () => {
  for (const name of ['Content-Length', 'transfer-encoding']) {
    for (const value of [' 5 ', '5\t', '\t5', '  \t5', ' \t'])
      equal(reason(`${name}:${value}\r\n`), 'framing-space', value)
    for (const value of ['5', ' 5', '   5', '', ' ']) equal(reason(`${name}:${value}\r\n`), undefined, value)
  }
})

test('a framing field with an underscore for its hyphen is refused', () => {
  equal(reason('content_length: 5\r\n'), 'framing-name')
  equal(reason('Transfer_Encoding: x\r\n'), 'framing-name')
})

test('more lines than the limit are refused', () => {
  equal(reason('a: b\r\n'.repeat(5), 5), undefined)
  equal(reason('a: b\r\n'.repeat(6), 5), 'too-many-headers')
})

test('hostile blocks take linear time', () => {
  const size = 1_000_000
  const blocks = [
    `${'a'.repeat(size)}\r\n`,
    `a:${' '.repeat(size)}\x00\r\n`,
    `${'a:b\r\n'.repeat(size / 5)}\x00\r\n`,
    `a:${'b '.repeat(size / 2)}\n`,
  ]
  for (const block of blocks) {
    const started = performance.now()
    ok('reason' in parseFields(block, 1_000_000))
    ok(performance.now() - started < 1000)
  }
})

function parse(block: string, maxHeaders = 100) {
  return parseFields(block, maxHeaders)
}

function pairs(block: string): readonly string[] {
  const fields = parse(block)
  ok(!('reason' in fields))
  return fields.pairs
}

function reason(block: string, maxHeaders = 100): string | undefined {
  const fields = parse(block, maxHeaders)
  return 'reason' in fields ? fields.reason : undefined
}
