/**
 * Keeps the promise that the HTTP codec reads bytes as node:http does, or refuses them: runs its properties on fresh
 * seeds for a given time. `node tools/fuzz.ts [seconds] [seed]`; ends with 1 and the failing seed where one does not hold.
 */
import {
  checkRequestOracle,
  checkRequestSplit,
  checkResponseOracle,
  checkResponseSplit,
} from '../test/fuzz/http1-properties.ts'

const PROPERTIES: readonly ((seed: number) => number | Promise<number>)[] = [
  checkRequestSplit,
  checkResponseSplit,
  checkRequestOracle,
  checkResponseOracle,
]
const DEFAULT_SECONDS = 60
const REPORT_EVERY_MS = 5000

const seconds = Number(process.argv[2] ?? DEFAULT_SECONDS)
const firstSeed = Number(process.argv[3] ?? Date.now() % 2 ** 32)
if (!(seconds > 0) || !Number.isInteger(firstSeed)) {
  process.stderr.write('error: seconds above zero and a whole number as seed are expected\n')
  process.exit(2)
}

const started = Date.now()
let reported = started
let inputs = 0
let taken = 0
process.stdout.write(`fuzzing for ${seconds} s from seed ${firstSeed}\n`)
for (let seed = firstSeed; Date.now() - started < seconds * 1000; seed++) {
  for (const property of PROPERTIES) {
    // oxlint-disable-next-line no-await-in-loop -- one connection at a time
    taken += await property(seed)
    inputs++
  }
  if (Date.now() - reported >= REPORT_EVERY_MS) {
    reported = Date.now()
    process.stdout.write(`${inputs} inputs, ${taken} messages taken, at seed ${seed}\n`)
  }
}
process.stdout.write(`${inputs} inputs, ${taken} messages taken, every property held\n`)
