import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configurationSchema, readConfiguration } from '../../src/config/index.ts'
import { configurationPage, type Schema } from '../../tools/configuration-page.ts'

const ROOT = join(import.meta.dirname, '../..')
const GENERATE = 'run `node tools/generate-schema.ts`'

test('the published JSON Schema is that of the code', () => {
  const written = readFileSync(join(ROOT, 'schema/claimgate.schema.json'), 'utf8')
  assert.equal(written, `${JSON.stringify(configurationSchema(), null, 2)}\n`, GENERATE)
})

test('the page about configuration is that of the code', () => {
  const written = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8')
  assert.equal(written, configurationPage(configurationSchema()), GENERATE)
})

test('every setting has a description, which is a sentence', () => {
  const bare: string[] = []
  const visit = (schema: Schema, path: string): void => {
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      if (!/^[A-Z`'].*\.$/s.test(member.description ?? '')) bare.push(`${path}.${name}`)
      visit(member, `${path}.${name}`)
    }
    for (const inner of [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])]) {
      if (typeof inner === 'object') visit(inner, path)
    }
  }
  visit(configurationSchema(), '')
  assert.deepEqual(bare, [])
})

test('the example of the page is a configuration without errors or warnings', async () => {
  const yaml =
    /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8'))?.[1] ?? ''
  const jwks = readFileSync(join(ROOT, 'test/golden/config/support/jwks.json'), 'utf8')
  const { configuration, problems } = await readConfiguration(
    { file: 'claimgate.yaml' },
    { readFile: (path) => Promise.resolve(path === 'jwks.json' ? jwks : yaml) },
  )
  assert.deepEqual(problems, [])
  assert.equal(configuration?.plan.routes.length, 1)
})
