import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { BackendSpec } from '../../plan/spec.ts'
import type { FileReader } from '../compiled.ts'
import type { backendSchema } from './backend-schema.ts'
import type { NamedPart } from './read.ts'

/** Settings that say how to reach a URL, and nothing about a function. */
const HTTP_ONLY = ['hostHeader', 'connectTimeout', 'firstByteTimeout', 'idleTimeout', 'maxConnections', 'ca']

/** Compiles one backend; undefined after an error. */
export async function compileBackend(
  part: NamedPart<z.output<typeof backendSchema>>,
  files: FileReader,
): Promise<BackendSpec | undefined> {
  const { name, node, value } = part
  if (value === undefined) return undefined
  const { origin } = node
  if (value.function !== undefined) {
    for (const setting of HTTP_ONLY) node.find(setting)?.error(`\`${setting}\` is for backends with a URL`)
    const file = await files.read(node.document.file, value.function)
    if ('failed' in file) node.find('function')?.error(file.failed)
    const module = resolve(dirname(node.document.file), value.function)
    return { kind: 'function', name, origin, module, timeoutMs: value.timeout }
  }
  node
    .find('timeout')
    ?.error('`timeout` is for functions', 'a URL has `connectTimeout`, `firstByteTimeout` and `idleTimeout`')
  return {
    kind: 'http',
    name,
    origin,
    urls: value.urls ?? (value.url === undefined ? [] : [value.url]),
    hostHeader: value.hostHeader,
    connectTimeoutMs: value.connectTimeout,
    firstByteTimeoutMs: value.firstByteTimeout,
    idleTimeoutMs: value.idleTimeout,
    maxConnections: value.maxConnections,
    ca: await readCa(part, files),
  }
}

async function readCa(
  { node, value }: NamedPart<z.output<typeof backendSchema>>,
  files: FileReader,
): Promise<string | undefined> {
  if (value?.ca === undefined) return undefined
  const place = node.find('ca') ?? node
  const file = await files.read(node.document.file, value.ca)
  if ('failed' in file) place.error(file.failed)
  else if (file.text.includes('-----BEGIN CERTIFICATE-----')) return file.text
  else
    place.error(
      `\`${file.file}\` holds no certificate`,
      'it must be PEM, with a `-----BEGIN CERTIFICATE-----` line',
    )
  return undefined
}
