import { parseArgs } from 'node:util'
import { err, ok, type Result } from '../src/kernel/result.ts'

/** What the person at the terminal asked for. */
export interface Options {
  readonly quick: boolean
  /** Names of rows and parts, or undefined for all of them. */
  readonly only: ReadonlySet<string> | undefined
  readonly rounds: number
  /** How long one measurement of one row takes. */
  readonly measureSeconds: number
  /** How long each gateway is loaded once, right after it started: the time that V8 needs to compile the hot path. */
  readonly warmUpSeconds: number
  /** Measures although others use the machine. */
  readonly busy: boolean
  /** `bin/claimgate.js` of the build that is measured. */
  readonly claimgate: string | undefined
  /** The engine that Claimgate's rows use instead of the default. */
  readonly engine: string | undefined
  /** Where `latest.md` and `latest.json` go. */
  readonly out: string | undefined
}

/** How to call it. */
export const USAGE = `usage: npm run bench -- [options]

  --quick             the main rows, shorter: under 90 seconds
  --only <a,b>        these rows and parts alone; nothing is saved without --out
  --rounds <n>        how often each row is measured (3)
  --claimgate <file>  \`bin/claimgate.js\` of another build
  --engine <name>     measure Claimgate with this engine instead of the default
  --out <directory>   where latest.md and latest.json go (bench/results)
  --busy              measure although others use the machine
  --help              this text
`

/** More rounds than this make a run longer than anybody watches. */
const MAX_ROUNDS = 50

/** Reads the arguments; the error is a sentence for the terminal. */
export function readOptions(args: readonly string[]): Result<Options | 'help', string> {
  const parsed = parse(args)
  if (!parsed.ok) return parsed
  const { values } = parsed.value
  if (values.help === true) return ok('help')
  const rounds = Number(values.rounds ?? '3')
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    return err(`\`--rounds\` is a number from 1 to ${MAX_ROUNDS}`)
  }
  const names = values.only?.split(',').filter((name) => name !== '')
  const quick = values.quick === true
  return ok({
    quick,
    only: names === undefined ? undefined : new Set(names),
    rounds,
    // Whole seconds, as wrk takes no others. CPU times have a grain of 10 ms, so one second is good to a percent.
    measureSeconds: quick ? 1 : 2,
    warmUpSeconds: quick ? 1 : 2,
    busy: values.busy === true,
    claimgate: values.claimgate,
    engine: values.engine,
    out: values.out,
  })
}

function parse(args: readonly string[]): Result<ReturnType<typeof strictly>, string> {
  try {
    return ok(strictly(args))
  } catch (cause) {
    return err(cause instanceof Error ? cause.message : String(cause))
  }
}

function strictly(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      busy: { type: 'boolean' },
      claimgate: { type: 'string' },
      engine: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
}
