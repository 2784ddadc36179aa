import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseListenAddress } from './address.ts'
import { duration, size } from './quantity.ts'

describe('a duration', () => {
  const schema = duration({ maxMs: 3_600_000 })
  it('is read into milliseconds', () => {
    assert.deepEqual(
      ['250ms', '1.5s', '5m', '1h'].map((text) => schema.parse(text)),
      [250, 1500, 300_000, 3_600_000],
    )
  })

  it('needs a unit, is more than nothing, and has an end', () => {
    for (const value of ['60', 60, '', '-1s', '0s', '0.0001ms', '2h', '1e3s', ' 1s', null]) {
      assert.equal(schema.safeParse(value).success, false, String(value))
    }
  })

  it('may be zero where that means never', () => {
    assert.equal(duration({ maxMs: 1000, zero: true }).parse('0s'), 0)
  })

  it('names the longest one in the units of people', () => {
    const message = (maxMs: number): string | undefined =>
      duration({ maxMs }).safeParse('9d').error?.issues[0]?.message
    assert.deepEqual(
      [3_600_000, 300_000, 5000].map(message),
      ['1h', '5m', '5s'].map((most) => `\`9d\` is too long; ${most} is the most`),
    )
  })
})

describe('a size', () => {
  const schema = size({ minBytes: 256, maxBytes: 65_536 })
  it('is read into bytes', () => {
    assert.deepEqual(
      ['512B', '16KiB', '64KiB'].map((text) => schema.parse(text)),
      [512, 16_384, 65_536],
    )
  })

  it('needs a unit of powers of two, and keeps within its bounds', () => {
    for (const value of [
      '16',
      16,
      '16KB',
      '16kib',
      '1.5KiB',
      '255B',
      '65537B',
      '1MiB',
      '-1KiB',
      '9999999999KiB',
    ]) {
      assert.equal(schema.safeParse(value).success, false, String(value))
    }
  })
})

describe('an address to listen on', () => {
  it('is a host and a port', () => {
    const read = ['127.0.0.1:8080', '[::1]:0', ':65535', 'LocalHost:80', '0.0.0.0:1'].map((text) =>
      parseListenAddress(text),
    )
    assert.deepEqual(
      read.map((each) => each.ok && each.value),
      [
        { host: '127.0.0.1', port: 8080 },
        { host: '::1', port: 0 },
        { host: '', port: 65_535 },
        { host: 'localhost', port: 80 },
        { host: '0.0.0.0', port: 1 },
      ],
    )
  })

  it('is nothing else', () => {
    for (const text of [
      '',
      '8080',
      'localhost',
      ':',
      ':http',
      ':65536',
      ':080808',
      '::1:80',
      '[::1]',
      '[127.0.0.1]:80',
      '300.1.1.1:80',
      '1.2.3:80',
      'a b:80',
      'http://h:80',
      '-a:80',
      'a-:80',
      '*:80',
    ]) {
      assert.equal(parseListenAddress(text).ok, false, text)
    }
  })
})
