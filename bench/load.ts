import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Workbench } from './workbench.ts'

/** What is sent, by 64 connections where nothing else is said. */
export interface Load {
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly bodyBytes?: number
  /** File of one token that every request carries. */
  readonly token?: string
  /** File of tokens of which each request carries another; the load ends with the last. */
  readonly tokens?: string
  /** File of paths that are asked for in turn. */
  readonly paths?: string
  readonly connections?: number
  /** How long each connection rests between two requests, on average. Without it, not at all. */
  readonly pauseMs?: number
  /** The address that it says it comes from; without it, that of its connections. */
  readonly from?: string
}

/** What wrk saw. */
export type LoadResult = z.infer<typeof RESULT>

const RESULT = z.object({
  requests: z.number(),
  durationUs: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  p999Us: z.number(),
  /** Answers of status 400 and above. */
  refused: z.number(),
  /** Connections that failed, broke or timed out. */
  failed: z.number(),
  /** Whether every token was used up before the time was: then requests per second say nothing. */
  exhausted: z.boolean(),
})

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url))
const CONNECTIONS = 64
/** What wrk may take beyond its time, to read a hundred thousand tokens and to close its connections. */
const GRACE_MS = 15_000

/** Loads a gateway with wrk, on the load core, for a time. */
export async function applyLoad(
  bench: Workbench,
  origin: string,
  load: Load,
  seconds: number,
): Promise<LoadResult> {
  const ended = await bench.processes.run(
    { name: 'wrk', core: bench.cores.load, file: 'wrk', args: wrkArguments(origin, load, seconds) },
    seconds * 1000 + GRACE_MS,
  )
  const result = readResult(ended.stdout)
  if (result === undefined) throw new Error(`wrk ended with ${ended.code}\n${ended.stdout}${ended.stderr}`)
  return result
}

/** Reads what `load.lua` printed; undefined where wrk did not come so far. */
export function readResult(output: string): LoadResult | undefined {
  const text = /^RESULT (\{.*\})$/m.exec(output)?.[1]
  return text === undefined ? undefined : RESULT.parse(JSON.parse(text))
}

/** The words after `wrk`, as a person could type them. */
function wrkArguments(origin: string, load: Load, seconds: number): string[] {
  const options: Record<string, string | number | undefined> = {
    method: load.method,
    bytes: load.bodyBytes,
    token: load.token,
    tokens: load.tokens,
    paths: load.paths,
    pause: load.pauseMs,
    from: load.from,
  }
  return [
    '-t1',
    `-c${load.connections ?? CONNECTIONS}`,
    `-d${seconds}s`,
    '-s',
    SCRIPT,
    origin + load.path,
    '--',
    ...Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`),
  ]
}
