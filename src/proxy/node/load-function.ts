import { stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { Fault } from '../../errors/fault.ts'
import type { FunctionBackendSpec } from '../../plan/spec.ts'

/** A web-standard handler, as Workers, Deno and Bun have it. What it returns is not believed before it was checked. */
export type FetchHandler = (request: Request) => unknown

/**
 * Imports the module of a function backend, again after its file changed; what it imports itself is kept by Node for the
 * life of the process. Throws a Fault that names the file where it cannot be imported within the backend's timeout or
 * exports no handler.
 */
export async function loadFunction(spec: FunctionBackendSpec): Promise<FetchHandler> {
  const module = await importModule(spec)
  const exported: unknown = isObject(module) ? module['default'] : undefined
  if (typeof exported === 'function') return (request) => Reflect.apply(exported, undefined, [request])
  const fetch = isObject(exported) ? exported['fetch'] : undefined
  if (typeof fetch === 'function') return (request) => Reflect.apply(fetch, exported, [request])
  throw new Fault(`the function \`${spec.module}\` of backend \`${spec.name}\` exports no handler`, {
    hint: 'write `export default { fetch(request) { return new Response("hello") } }`',
  })
}

/** Tells one state of a module's file from another; empty where there is no file. */
export async function functionVersion({ module }: FunctionBackendSpec): Promise<string> {
  const file = await stat(module).catch(() => undefined)
  return file === undefined ? '' : `${file.mtimeMs}-${file.size}`
}

async function importModule(spec: FunctionBackendSpec): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  // A module that awaits for ever at its top level would hold up the start without a word.
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('its top level did not finish in time')), spec.timeoutMs)
  })
  try {
    const url = pathToFileURL(spec.module)
    // Node keeps modules by their whole URL: another version of the file is another module.
    url.searchParams.set('version', await functionVersion(spec))
    const module: unknown = await Promise.race([import(url.href), tooSlow])
    return module
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Fault(`the function \`${spec.module}\` of backend \`${spec.name}\` cannot be loaded`, {
      cause,
      hint: `the module failed with: ${why}`,
    })
  } finally {
    clearTimeout(timer)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
