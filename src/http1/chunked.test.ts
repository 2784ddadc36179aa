import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { ChunkedDecoder } from './chunked.ts'
import { DEFAULT_HTTP_LIMITS } from './limits.ts'

const LIMITS = { ...DEFAULT_HTTP_LIMITS, maxChunkExtensionBytes: 32, maxTrailerBytes: 20 }

test('chunks are joined, in any case of their sizes and with leading zeros (RFC 9112 §7.1)', () => {
  deepEqual(decode('5\r\nhello\r\n0A\r\n0123456789\r\n0\r\n\r\n'), ['hello0123456789', undefined, true])
  deepEqual(decode('0000000000005\r\nhello\r\n000\r\n\r\n'), ['hello', undefined, true])
  deepEqual(decode('0\r\n\r\n'), ['', undefined, true])
})

test('line ends inside the data of a chunk are data', () => {
  deepEqual(decode('7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n'), ['0\r\n\r\n\r\n', undefined, true])
})

test('a size is one to thirteen bare digits', () => {
  equal(problem(`${'0'.repeat(14)}\r\n`), 'chunk-size-too-large')
  equal(problem('10000000000000\r\n'), 'chunk-size-too-large')
  equal(problem('fffffffffffff\r\n'), undefined)
  for (const text of ['\r\n', ' 1\r\n', '1 \r\n', '+1\r\n', '-1\r\n', '0x1\r\n', 'g\r\n', '1_\r\n', '\xff']) {
    equal(problem(text), 'chunk-size', JSON.stringify(text))
  }
})

test('every line ends in CRLF, the data of a chunk too', () => {
  equal(problem('1\n'), 'chunk-size')
  equal(problem('1\rx'), 'chunk-size')
  equal(problem('1\r\r\n'), 'chunk-size')
  equal(problem('1\r\nx\n'), 'chunk-end')
  equal(problem('1\r\nx\rx'), 'chunk-end')
  equal(problem('1\r\nxx'), 'chunk-end')
  equal(problem('0\r\n\n'), 'trailer')
  equal(problem('0\r\n\rx'), 'trailer')
})

test('extensions are checked and dropped (RFC 9112 §7.1.1)', () => {
  for (const extension of [';a', ';a;b', ';a=b', ';a="b;c"', ';a="\\""', ';a=""', ';a="\xe9\t "']) {
    deepEqual(decode(`1${extension}\r\nx\r\n0${extension}\r\n\r\n`), ['x', undefined, true], extension)
  }
  for (const extension of [
    ';',
    ';;a',
    ';a;',
    ';a=',
    ';=b',
    '; a',
    ';a =b',
    ';a= b',
    ';a="',
    ';a="b"c',
    ';a="\\"',
    ';a\x00',
    ';a\n',
    ';a(',
  ]) {
    equal(problem(`1${extension}\r\n`), 'chunk-extension', JSON.stringify(extension))
  }
})

test('all extensions of a body together are limited', () => {
  equal(problem(`1;${'a'.repeat(31)}\r\n`), undefined)
  equal(problem(`1;${'a'.repeat(32)}\r\n`), 'chunk-extension-too-long')
  const half = `1;${'a'.repeat(15)}\r\nx\r\n`
  equal(problem(`${half}${half}0\r\n\r\n`), undefined)
  equal(problem(`${half}${half}0;`), 'chunk-extension-too-long')
})

test('after a problem nothing more is read, and what came before it was given', () => {
  const decoder = new ChunkedDecoder(LIMITS)
  let text = ''
  const sink = {
    data: (bytes: Buffer, start: number, end: number) => void (text += bytes.toString('latin1', start, end)),
  }
  const bytes = Buffer.from('1\r\nx\r\nZ\r\n')
  equal(decoder.push(bytes, 0, bytes.length, sink), 6)
  equal(decoder.push(bytes, 0, bytes.length, sink), 0)
  equal(decoder.done, false)
  equal(decoder.finish()?.reason, 'chunk-size')
  equal(text, 'x')
})

test('a body that ends early is a problem at every byte of it', () => {
  const whole = '5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n'
  for (let length = 0; length < whole.length; length++) {
    const decoder = new ChunkedDecoder(LIMITS)
    decoder.push(Buffer.from(whole), 0, length, { data: () => undefined })
    equal(decoder.done, false)
    equal(decoder.finish()?.reason, 'body-incomplete')
  }
  deepEqual(decode(whole), ['hello', undefined, true])
})

test('many small chunks take linear time', () => {
  const bytes = Buffer.from(`${'1\r\nx\r\n'.repeat(200_000)}0\r\n\r\n`)
  const decoder = new ChunkedDecoder(LIMITS)
  const started = performance.now()
  equal(decoder.push(bytes, 0, bytes.length, { data: () => undefined }), bytes.length)
  ok(decoder.done)
  ok(performance.now() - started < 2000)
})

function decode(text: string): [string, string | undefined, boolean] {
  const decoder = new ChunkedDecoder(LIMITS)
  const bytes = Buffer.from(text, 'latin1')
  let content = ''
  decoder.push(bytes, 0, bytes.length, {
    data: (data, start, end) => void (content += data.toString('latin1', start, end)),
  })
  return [content, decoder.problem?.reason, decoder.done]
}

function problem(text: string): string | undefined {
  return decode(text)[1]
}
