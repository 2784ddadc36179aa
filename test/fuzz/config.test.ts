import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { formatProblems, readConfiguration } from '../../src/config/index.ts'
import { buildPlan } from '../../src/plan/build.ts'

/**
 * Reading a configuration never throws, whatever is in it; every problem has a place and a message on one line; there
 * is a configuration exactly where there is no error; and what is read without errors can be published.
 */
const FOLDER = join(import.meta.dirname, '../golden/config')
const SAMPLES = readdirSync(FOLDER)
  .filter((name) => /\.in\.(?:yaml|json)$/.test(name))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
const VALUES: readonly unknown[] = SAMPLES.flatMap((text) => {
  try {
    return [parse(text) as unknown]
  } catch {
    return []
  }
})

/** Runs of each property: enough for every sample to be broken in some dozens of ways. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 500)

async function check(text: string): Promise<void> {
  const file = join(FOLDER, 'fuzzed.yaml')
  const { configuration, problems } = await readConfiguration(
    { file, backends: ['http://127.0.0.1:9000'] },
    {
      readFile: (path) => (path === file ? Promise.resolve(text) : readFile(path, 'utf8')),
      environment: { KEYS: 'jwks.json' },
    },
  )
  const errors = problems.filter(({ severity }) => severity === 'error')
  assert.equal(configuration === undefined, errors.length > 0)
  for (const { line, message, hint } of problems) {
    assert.ok(Number.isInteger(line) && line >= 1, `line ${line}`)
    assert.match(message, /^\S/)
    assert.doesNotMatch(message, /undefined|\[object|NaN|Infinity/)
    assert.notEqual(hint, '')
  }
  const printed = formatProblems(problems)
  assert.equal(
    printed.split('\n').length - 1,
    problems.length + problems.filter(({ hint }) => hint !== undefined).length,
  )
  if (configuration !== undefined) buildPlan(configuration.plan)
}

/** Words that mean something somewhere. */
const WORDS = SAMPLES.join('\n')
  .split(/[^\w/*.:$-]+/)
  .filter((word) => word.length > 0 && word.length < 40)
const word = fc.constantFrom(...new Set(WORDS))

/** Values that are never quite what is expected. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  word,
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    ' ',
    '*',
    '/*',
    '${X}',
    '${',
    '{}',
    '[]',
    '{"keys":[]}',
    '\u0000',
    'é',
    '__proto__',
    '-----BEGIN',
  ),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    [null],
    { keys: null },
    { a: { b: [] } },
    { constructor: 1 },
    { toString: 'x' },
  ),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.jsonValue({ maxDepth: 3 }),
)

type Node = { [name: string]: unknown } | unknown[]

/** Every object and list within a value. */
function nodesOf(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Node, ...Object.values(value).flatMap(nodesOf)]
}

describe('reading a configuration', () => {
  it('survives text that is broken anywhere', async () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(30),
      put: fc.oneof(word, fc.string({ maxLength: 6 })),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SAMPLES),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async (sample, edits) => {
          let text = sample
          for (const { at, cut, put } of edits) {
            const start = Math.floor(at * text.length)
            text = text.slice(0, start) + put + text.slice(start + cut)
          }
          await check(text)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('survives values that are none of those expected', async () => {
    const edit = fc.record({
      node: fc.nat(),
      member: fc.nat(),
      action: fc.constantFrom('set', 'set', 'set', 'remove', 'add', 'move'),
      value: odd,
      name: fc.oneof(word, fc.string({ maxLength: 5 })),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...VALUES),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async (sample, edits) => {
          const value = structuredClone(sample)
          for (const { node, member, action, value: next, name } of edits) {
            const nodes = nodesOf(value)
            const target = nodes[node % Math.max(1, nodes.length)]
            if (target === undefined) continue
            const key = Object.keys(target)[member % Math.max(1, Object.keys(target).length)] ?? '0'
            if (action === 'remove') Reflect.deleteProperty(target, key)
            else if (action === 'add' && !Array.isArray(target))
              Object.defineProperty(target, name, {
                value: structuredClone(next),
                enumerable: true,
                configurable: true,
                writable: true,
              })
            else if (action === 'move')
              Reflect.set(target, key, structuredClone(nodes[(node + 7) % nodes.length]))
            else Reflect.set(target, key, structuredClone(next))
          }
          await check(JSON.stringify(value) ?? '')
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('survives any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.jsonValue().map((value) => stringify(value)),
        ),
        check,
      ),
      { numRuns: RUNS },
    )
  })

  it('ends soon on files made to keep a parser busy', async () => {
    const hostile = [
      '['.repeat(100_000),
      '- '.repeat(100_000),
      `${'{a: '.repeat(90)}x${'}'.repeat(90)}`,
      Array.from({ length: 1200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      `a: &a [x,x]\n${Array.from({ length: 50 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`}, *${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}`,
      Array.from({ length: 30_000 }, (_, i) => `k${i}: 1`).join('\n'),
      '---\n'.repeat(100_000),
      `version: 1\nbackends: { ${Array.from({ length: 3000 }, (_, i) => `b${i}: { url: "http://h" }`).join(', ')} }`,
      `version: 1\nroutes:\n${Array.from({ length: 3000 }, (_, i) => `  - { path: /${i}, backend: b }`).join('\n')}`,
      `resources: { a: { component: fc3, props: { functionName: "\${vars.a}" } } }\nvars: { a: "\${vars.a}\${vars.a}\${vars.a}" }`,
      `authType: jwt\nauthConfig: { jwks: { keys: [] }, tokenLookup: "${'header:'.repeat(50_000)}", claimPassBy: "${',header  '.repeat(20_000)}" }`,
      `version: 1\nbackends: { a: { url: "${'${'.repeat(100_000)}" } }`,
      'x'.repeat(5_000_000),
      'version: 1\nroutes: &a [*a]',
      'version: 1\nbackends: &a { b: *a }',
      'version: 1\nauthentications: { a: { keys: { jwks: &a { keys: [*a] } } } }',
      'authType: jwt\nauthConfig: &a { jwks: *a, tokenLookup: [*a], whitelist: [*a] }',
    ]
    for (const text of hostile) {
      const start = performance.now()
      await check(text)
      assert.ok(performance.now() - start < 5000, `${text.slice(0, 40)} took ${performance.now() - start} ms`)
    }
  })
})
