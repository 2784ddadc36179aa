import type { Contestant } from './contestants/contestant.ts'
import { coreTime, cpuTime } from './cpu.ts'
import { applyLoad, type Load } from './load.ts'
import { missing } from './requirements.ts'
import type { Measurement, Row, RowResult } from './row.ts'
import { provesChecks } from './same-checks.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** Told of each step, so that a person sees that something happens. */
export type Progress = (text: string) => void

/**
 * Measures all rows in rounds, A B C A B C …: whatever slows the machine for a while then slows everybody. A row that
 * cannot run, or fails, is told of with its reason; the others go on.
 */
export async function measureRows(
  bench: Workbench,
  rows: readonly Row[],
  tokens: TokenFiles,
  progress: Progress,
): Promise<RowResult[]> {
  const lanes = rows.map((row) => new Lane(bench, row, tokens))
  for (const lane of lanes) {
    progress(`start ${lane.row.name}`)
    await lane.guard(() => lane.start())
  }
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const lane of lanes) {
      progress(`round ${round} of ${bench.options.rounds}: ${lane.row.name}`)
      await lane.guard(() => lane.measure())
    }
  }
  for (const lane of lanes) await lane.stop()
  return lanes.map((lane) => lane.result())
}

/** Loads one gateway once and takes its CPU time meanwhile. */
export async function measure(bench: Workbench, contestant: Contestant, load: Load): Promise<Measurement> {
  const { pid } = contestant.process
  const core = bench.cores.gateway
  const started = process.hrtime.bigint()
  const coreBefore = coreTime(core)
  const before = cpuTime(pid)
  const result = await applyLoad(bench, contestant.origin, load, bench.options.measureSeconds)
  const after = cpuTime(pid)
  const coreAfter = coreTime(core)
  const wallUs = Number(process.hrtime.bigint() - started) / 1000
  const userUs = after.userUs - before.userUs
  const systemUs = after.systemUs - before.systemUs
  const others = coreAfter.processesUs - coreBefore.processesUs - userUs - systemUs
  const stolen = coreAfter.stolenUs - coreBefore.stolenUs
  return {
    ...result,
    userUs: userUs / result.requests,
    systemUs: systemUs / result.requests,
    cpuUs: (userUs + systemUs) / result.requests,
    requestsPerSecond: (result.requests * 1e6) / result.durationUs,
    // Straight to the backend, nobody works on that core.
    othersShare: contestant === bench.backend ? 0 : Math.max(0, others + stolen) / wallUs,
  }
}

/** A row on its way through the rounds. */
class Lane {
  readonly row: Row
  readonly #bench: Workbench
  readonly #tokens: TokenFiles
  readonly #measurements: Measurement[] = []
  #contestant: Contestant | undefined
  #skipped: string | undefined

  constructor(bench: Workbench, row: Row, tokens: TokenFiles) {
    this.#bench = bench
    this.row = row
    this.#tokens = tokens
    this.#skipped = missing(row.needs, bench.programs)
  }

  /** Does a step unless the row is out already; one that fails takes the row out. */
  async guard(step: () => Promise<void>): Promise<void> {
    if (this.#skipped !== undefined) return
    try {
      await step()
    } catch (cause) {
      this.#skipped = cause instanceof Error ? cause.message : String(cause)
      await this.stop()
    }
  }

  async start(): Promise<void> {
    const contestant = await this.row.start(this.#bench)
    this.#contestant = contestant
    await provesChecks(this.#bench, this.row.name, contestant, this.row.guard, this.row.path)
    const loads = (await this.row.freshWarmUp?.(this.#tokens)) ?? [await this.row.load(this.#tokens)]
    for (const load of loads) {
      await applyLoad(this.#bench, contestant.origin, load, this.#bench.options.warmUpSeconds)
    }
  }

  async measure(): Promise<void> {
    if (this.row.freshWarmUp !== undefined && this.#measurements.length > 0) {
      await this.stop()
      await this.start()
    }
    if (this.#contestant === undefined) throw new Error('the gateway is gone')
    const load = await this.row.load(this.#tokens)
    const measurement = await measure(this.#bench, this.#contestant, load)
    if (measurement.refused > 0) throw new Error(`${measurement.refused} requests were refused`)
    if (measurement.failed > 0) throw new Error(`${measurement.failed} requests failed`)
    this.#measurements.push(measurement)
  }

  async stop(): Promise<void> {
    const contestant = this.#contestant
    this.#contestant = undefined
    if (contestant !== undefined && contestant !== this.#bench.backend) await contestant.process.stop()
  }

  result(): RowResult {
    const { row } = this
    const measurements = this.#measurements
    return this.#skipped === undefined ? { row, measurements } : { row, measurements, skipped: this.#skipped }
  }
}
