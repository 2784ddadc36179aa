import { ok } from 'node:assert/strict'
import { test } from 'node:test'

import { checkRequestSplit, checkResponseSplit } from './http1-properties.ts'

/** About two seconds; FUZZ_RUNS for a longer run, FUZZ_SEED for one that failed. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32)

test('pipelined requests have one outcome, however their bytes are cut', () => {
  let taken = 0
  for (let run = 0; run < RUNS; run++) taken += checkRequestSplit(SEED + run)
  ok(taken > RUNS / 4, `only ${taken} requests were taken`)
})

test('responses have one outcome, however their bytes are cut', () => {
  let taken = 0
  for (let run = 0; run < RUNS; run++) taken += checkResponseSplit(SEED + run)
  ok(taken > RUNS / 4, `only ${taken} responses were taken`)
})
