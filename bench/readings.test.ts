import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCoreList } from './cores.ts'
import { readResult } from './load.ts'
import { missing } from './requirements.ts'
import { markdownTable } from './table.ts'
import { readOpensslSpeed } from './verify.ts'

test('what wrk reports is found among its own words', () => {
  const line =
    '{"requests":10,"durationUs":1000000,"p50Us":1,"p99Us":2,"p999Us":3,"refused":0,"failed":0,"exhausted":false}'
  assert.equal(readResult(`Running 1s test\nRequests/sec: 10\nRESULT ${line}\n`)?.requests, 10)
  assert.equal(readResult('unable to connect to 127.0.0.1:1\n'), undefined)
})

test('verifications per second are the last figure of a line of openssl speed', () => {
  const rsa = '+DTP:2048:private:rsa:1\n+R1:3424:2048:1.00\n+F2:2:2048:3424.000000:63329.000000\n'
  assert.equal(readOpensslSpeed(rsa), 63_329)
  assert.equal(readOpensslSpeed('+F6:0:253:Ed25519:30484.000000:11622.500000\n'), 11_622.5)
  assert.equal(readOpensslSpeed('+R7:1:2:3\n'), undefined)
})

test('a list of cores may hold ranges', () => {
  assert.deepEqual(readCoreList('0-2,5,8-9\n'), [0, 1, 2, 5, 8, 9])
  assert.deepEqual(readCoreList('3'), [3])
})

test('a missing program is told of with its Debian package, each package once', () => {
  const found = new Map([['wrk', '/usr/bin/wrk']])
  assert.equal(missing(['wrk'], found), undefined)
  assert.equal(
    missing(['wrk', 'taskset', 'setpriv'], found),
    'needs taskset, setpriv: Debian package util-linux',
  )
})

test('figures stand to the right of a table and words to the left', () => {
  assert.equal(
    markdownTable(
      ['name', 'n'],
      [
        ['a', '10'],
        ['longer', '9'],
      ],
    ),
    ['| name   |   n |', '|--------|----:|', '| a      |  10 |', '| longer |   9 |'].join('\n'),
  )
})
