import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
/** Inside of `node_modules`, so that the built program finds its packages; named for what it was built from. */
const CACHE = join(ROOT, 'node_modules/.cache/claimgate-cli')

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly node?: string
}

let built: string | undefined

/** The folder of the built program, with `bin` and `dist`: built when its sources changed, once for all test files. */
export function builtCli(): string {
  return (built ??= build())
}

function build(): string {
  const folder = join(CACHE, sourceHash())
  if (existsSync(folder)) return folder
  mkdirSync(CACHE, { recursive: true })
  const own = `${folder}.${process.pid}`
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  // Types are checked by `npm run types`, and here they would take the longest.
  const flags = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false', '--sourceMap', 'false']
  execFileSync(process.execPath, [tsc, ...flags, '--outDir', join(own, 'dist')], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (const part of ['bin', 'package.json']) cpSync(join(ROOT, part), join(own, part), { recursive: true })
  removeOld()
  try {
    renameSync(own, folder)
  } catch {
    // Another test file was faster, and built the same.
    rmSync(own, { recursive: true })
  }
  return folder
}

/** A build that another run may still use is young. */
function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name)
    const entry = statSync(path, { throwIfNoEntry: false })
    if (entry !== undefined && Date.now() - entry.mtimeMs > 3_600_000)
      rmSync(path, { recursive: true, force: true })
  }
}

function sourceHash(): string {
  const hash = createHash('sha256')
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join('src', name))
  const others = ['bin/claimgate.js', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
  for (const name of [...files.sort(), ...others]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(ROOT, name)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

export function binary(): string {
  return join(builtCli(), 'bin/claimgate.js')
}

export function start(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { NO_COLOR: _colour, ...inherited } = process.env
  return spawn(options.node ?? process.execPath, [binary(), ...args], {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: 'pipe',
  })
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = start(args, options)
  child.stdin?.end(options.input ?? '')
  const output = collect(child)
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, stdout: output.stdout, stderr: output.stderr }
}

/** What a program has printed so far. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => void (output.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (output.stderr += text))
  return output
}
