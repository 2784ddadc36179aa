import { ok } from 'node:assert/strict'
import { test } from 'node:test'

import { checkRequestOracle, checkResponseOracle } from './http1-properties.ts'

/** A few seconds; FUZZ_RUNS for a longer run, FUZZ_SEED for one that failed. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 50_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32)

test('every request that is taken, node:http takes with the same method, target, fields, body and end', async () => {
  ok((await sum(checkRequestOracle)) > RUNS / 4, 'too few requests were compared')
})

test('every response that is taken, node:http takes with the same status, fields and body', async () => {
  ok((await sum(checkResponseOracle)) > RUNS / 8, 'too few responses were compared')
})

async function sum(check: (seed: number) => Promise<number>): Promise<number> {
  let compared = 0
  // oxlint-disable-next-line no-await-in-loop -- one connection at a time
  for (let run = 0; run < RUNS; run++) compared += await check(SEED + run)
  return compared
}
