import type { Choice } from './choice.ts'
import { compare } from './comparisons.ts'
import { floodVerdicts, measureFlood } from './flood.ts'
import type { Findings } from './report.ts'
import { missing } from './requirements.ts'
import { measureRows, type Progress } from './rounds.ts'
import { measureStreams } from './streams.ts'
import { measureVerify, verifyVerdicts } from './verify.ts'
import { TokenFiles, type Workbench } from './workbench.ts'

/** What was measured, and what follows from it. */
export type Measured = Pick<Findings, 'rows' | 'verify' | 'flood' | 'streams' | 'verdicts'>

const PIN_MS = 5000

/** Measures everything that was chosen, one part after the other, so that no two gateways ever work at one time. */
export async function measureAll(bench: Workbench, choice: Choice, progress: Progress): Promise<Measured> {
  const tokens = new TokenFiles(bench)
  progress('sign tokens')
  for (const row of choice.rows) {
    if (missing(row.needs, bench.programs) !== undefined) continue
    await row.load(tokens)
    await row.freshWarmUp?.(tokens)
  }
  await pinToLoadCore(bench)
  const rows = await measureRows(bench, choice.rows, tokens, progress)
  const verify = choice.parts.has('verify') ? await measureVerify(bench, progress) : []
  const flood = choice.parts.has('flood') ? await measureFlood(bench, tokens, progress) : []
  const streams = choice.parts.has('streams') ? await measureStreams(bench, tokens, progress) : []
  const verdicts = [...compare(rows), ...verifyVerdicts(verify), ...floodVerdicts(flood)]
  return { rows, verify, flood, streams, verdicts }
}

/** This process signs tokens on every core, and then keeps away from the gateway's. */
async function pinToLoadCore({ processes, cores }: Workbench): Promise<void> {
  const args = ['-a', '-p', '-c', String(cores.load), String(process.pid)]
  const command = { name: 'taskset', core: cores.load, file: 'taskset', args }
  const { code, stderr } = await processes.run(command, PIN_MS)
  if (code !== 0) throw new Error(`taskset could not bind the run to a core\n${stderr}`)
}
