import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { test } from 'node:test'

const SRC = resolve(import.meta.dirname, '../../src')

const DATA_PLANE = ['inbound', 'authn', 'authz', 'proxy', 'gateway']

/** The import table of ARCHITECTURE.md, lowest first: a folder may import itself and these. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  errors: ['kernel'],
  jwt: ['kernel'],
  policy: ['kernel'],
  http1: ['kernel'],
  telemetry: ['kernel', 'errors', 'policy'],
  keys: ['kernel', 'errors', 'telemetry', 'jwt', 'policy'],
  plan: ['kernel', 'errors', 'jwt', 'policy', 'keys'],
  dialects: ['kernel', 'errors', 'jwt', 'policy', 'keys', 'plan'],
  config: ['kernel', 'errors', 'jwt', 'policy', 'keys', 'plan', 'dialects'],
  inbound: ['kernel', 'errors', 'policy', 'plan', 'http1'],
  authn: ['kernel', 'errors', 'jwt', 'policy', 'keys', 'plan', 'inbound'],
  authz: ['kernel', 'errors', 'policy', 'plan', 'inbound', 'authn'],
  proxy: ['kernel', 'errors', 'policy', 'telemetry', 'plan', 'http1', 'inbound', 'authn', 'authz'],
  gateway: [
    'kernel',
    'errors',
    'policy',
    'telemetry',
    'keys',
    'plan',
    'config',
    'http1',
    'inbound',
    'authn',
    'authz',
    'proxy',
  ],
  'key-supply.ts': ['kernel', 'telemetry', 'keys', 'config'],
  'boot-worker.ts': ['kernel', 'telemetry', 'gateway'],
  'boot.ts': [
    'kernel',
    'errors',
    'telemetry',
    'jwt',
    'policy',
    'keys',
    'plan',
    'dialects',
    'config',
    ...DATA_PLANE,
    'key-supply.ts',
    'cli',
  ],
  cli: [
    'kernel',
    'errors',
    'telemetry',
    'jwt',
    'policy',
    'keys',
    'plan',
    'dialects',
    'config',
    'inbound',
    'gateway',
    'key-supply.ts',
    'boot.ts',
  ],
}

/** Siblings inside `dialects`: a dialect knows the shared files, never another dialect. */
const DIALECTS = ['native', 'function-compute', 'gateway-auth']

interface Import {
  readonly file: string
  readonly target: string
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : []
  })
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!)
  return specifiers.map((specifier) => ({
    file: relative(SRC, file),
    target: relative(SRC, resolve(dirname(file), specifier)),
  }))
}

const files = sourceFiles(SRC)
const imports = files.flatMap((file) => importsOf(file))
const layerOf = (path: string): string => path.split(sep)[0]!

test('every folder of src stands in the import table', () => {
  const unlisted = [...new Set(files.map((file) => layerOf(relative(SRC, file))))].filter(
    (layer) => !(layer in LAYERS),
  )
  assert.deepEqual(unlisted, [])
})

test('imports point down the table and nowhere else', () => {
  const wrong = imports.filter(({ file, target }) => {
    const from = layerOf(file)
    const to = layerOf(target)
    return from !== to && !(LAYERS[from] ?? []).includes(to)
  })
  assert.deepEqual(wrong, [])
})

test('a dialect imports no other dialect', () => {
  const dialectOf = (path: string): string | undefined =>
    DIALECTS.find((name) => path.startsWith(join('dialects', name) + sep))
  const wrong = imports.filter(({ file, target }) => {
    const from = dialectOf(file)
    const to = dialectOf(target)
    return from !== undefined && to !== undefined && from !== to
  })
  assert.deepEqual(wrong, [])
})

test('only the composition root and the command line read the environment or the arguments', () => {
  const wrong = files
    .filter((file) => !['boot.ts', 'boot-worker.ts', 'cli'].includes(layerOf(relative(SRC, file))))
    .filter((file) => /\bprocess\.(?:env|argv|exit)\b/.test(readFileSync(file, 'utf8')))
  assert.deepEqual(
    wrong.map((file) => relative(SRC, file)),
    [],
  )
})

test('nothing of the data plane asks which dialect it serves', () => {
  const wrong = files
    .filter((file) => DATA_PLANE.includes(layerOf(relative(SRC, file))))
    .filter((file) => /\bdialect\s*===|isDialect|\.dialect\b/.test(readFileSync(file, 'utf8')))
  assert.deepEqual(
    wrong.map((file) => relative(SRC, file)),
    [],
  )
})
