/** `npm run bench`: measures Claimgate beside its peers. Read bench/README.md first. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBackend } from './backend.ts'
import { staleBuild } from './build.ts'
import { choose } from './choice.ts'
import { readEngines } from './contestants/claimgate.ts'
import type { Contestant } from './contestants/contestant.ts'
import { pickCores } from './cores.ts'
import { busyness, machineFacts, type Busyness } from './machine.ts'
import { measureAll } from './measure-all.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { Processes } from './processes.ts'
import { markdownReport, type Findings } from './report.ts'
import { findPrograms, missing } from './requirements.ts'
import type { RowResult } from './row.ts'
import { keyRing, type Workbench } from './workbench.ts'

/** Above this share of both cores used by others, figures are noise; a little is ordinary on any machine. */
const REFUSE_SHARE = 0.2
const WARN_SHARE = 0.05
/** In a round in which others had more than this of the gateway's core, its latency is theirs too. */
const DISTURBED_SHARE = 0.1

/** INVARIANT: every row and part that goes to it needs nginx, and is skipped where there is none. */
const NO_BACKEND: Contestant = {
  origin: 'http://127.0.0.1:9',
  process: { pid: process.pid, stop: () => Promise.resolve() },
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (!options.ok) return fail(options.error, 'run `npm run bench -- --help`', 2)
  if (options.value === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const cores = process.platform === 'linux' ? pickCores() : undefined
  if (cores === undefined) return fail('the benchmark needs Linux and two cores', undefined, 1)
  // oxlint-disable-next-line node/no-process-env -- the one place of the benchmark that reads it
  const programs = findPrograms(process.env['PATH'] ?? '')
  const needed = missing(['taskset', 'setpriv'], programs)
  if (needed !== undefined) return fail(`every row ${needed}`, undefined, 1)
  const processes = new Processes(programs)
  const scratch = mkdtempSync(join(tmpdir(), 'claimgate-bench-'))
  const cleanUp = (): void => {
    processes.killAll()
    // What was killed a moment ago may still be writing.
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', cleanUp)
  // Exiting runs the handler above; 128 and the number of the signal is what shells expect.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  try {
    return await run(options.value, { cores, programs, processes, scratch })
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause), undefined, 1)
  } finally {
    cleanUp()
  }
}

/** What is there before it is known what to measure. */
type Ground = Pick<Workbench, 'cores' | 'programs' | 'processes' | 'scratch'>

async function run(options: Options, ground: Ground): Promise<number> {
  const { cores, programs, processes, scratch } = ground
  const busy = await busyness(cores)
  if (busy.share > REFUSE_SHARE && !options.busy) {
    const hint = 'wait until the machine is idle, or measure with `--busy` and do not believe the figures'
    return fail(`others use ${percent(busy.share)} of the two cores`, hint, 1)
  }
  const claimgate = resolve(options.claimgate ?? fromRoot('bin/claimgate.js'))
  const built = await readEngines(processes, cores, claimgate)
  const engine = options.engine ?? built.default
  if (!built.all.includes(engine))
    return fail(`\`${engine}\` is none of ${built.all.join(', ')}`, undefined, 2)
  const engines = { ...built, default: engine }
  const choice = choose(engines, options)
  if (!choice.ok) return fail(choice.error, 'the names are in the first column of the table', 2)
  const bench: Workbench = {
    ...ground,
    options,
    backend: programs.has('nginx') ? await startBackend(processes, cores, scratch) : NO_BACKEND,
    claimgate,
    engines,
    nowSeconds: Math.floor(Date.now() / 1000),
    keys: keyRing(scratch),
  }
  const startedMs = performance.now()
  const measured = await measureAll(bench, choice.value, progress)
  const findings: Findings = {
    machine: await machineFacts(processes, cores, programs),
    run: runFacts(bench, busy, performance.now() - startedMs),
    warnings: [...warnings(bench, busy), ...disturbances(measured.rows)],
    ...measured,
  }
  const page = markdownReport(findings)
  process.stdout.write(`\n${page}`)
  save(options, findings, page)
  return 0
}

function runFacts({ options, engines }: Workbench, busy: Busyness, tookMs: number): Findings['run'] {
  const others = engines.all.filter((engine) => engine !== engines.default)
  return {
    Claimgate: `engine \`${engines.default}\`, ${others.length === 0 ? 'the only one' : options.engine === undefined ? 'the default' : 'as asked for'}`,
    measured: `${options.rounds} rounds of ${options.measureSeconds} s for each row`,
    took: `${(tookMs / 60_000).toFixed(1)} minutes; load average before it ${busy.loadAverage.toFixed(2)}`,
    part: options.only !== undefined ? [...options.only].join(', ') : options.quick ? 'the short run' : 'all',
  }
}

function warnings({ cores, options, claimgate }: Workbench, { share }: Busyness): string[] {
  const found: string[] = []
  if (share > WARN_SHARE) found.push(`others used ${percent(share)} of the two cores before the run`)
  if (cores.siblings) found.push('the two cores are threads of one physical core and slow each other')
  if (options.rounds < 3) found.push('fewer than 3 rounds: a median of them means little')
  if (staleBuild(claimgate)) found.push('the build is older than its sources; run `npm run build`')
  return found
}

function disturbances(rows: readonly RowResult[]): string[] {
  const names = rows
    .filter(({ measurements }) => measurements.some(({ othersShare }) => othersShare > DISTURBED_SHARE))
    .map(({ row }) => row.name)
  if (names.length === 0) return []
  return [`others had more than ${percent(DISTURBED_SHARE)} of the core in a round of ${names.join(', ')}`]
}

/** A part of a run must not overwrite a whole one unless somebody says where to put it. */
function save(options: Options, findings: Findings, page: string): void {
  if (options.only !== undefined && options.out === undefined) return
  const directory = resolve(options.out ?? fromRoot('bench/results'))
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'latest.md'), page)
  writeFileSync(join(directory, 'latest.json'), `${JSON.stringify(findings, null, 1)}\n`)
  process.stderr.write(`saved in ${directory}\n`)
}

/** One line that is written over on a terminal, and a line for each step elsewhere. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
}

function fail(message: string, hint: string | undefined, exitCode: number): number {
  process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`)
  return exitCode
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}
