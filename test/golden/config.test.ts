import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import {
  fromPortable,
  readConfiguration,
  toPortable,
  type ConfigurationReading,
  type PortableConfiguration,
} from '../../src/config/index.ts'

/**
 * Each `*.in.*` of `test/golden/config` next to what it is read into: the plan, or everything that is wrong with it.
 * `UPDATE_GOLDEN=1 npm test` writes the outcomes anew; the difference is then to be read like any other change.
 */
const FOLDER = join(import.meta.dirname, 'config')
const ROOT = join(import.meta.dirname, '../..')
const ENVIRONMENT = { APP_PORT: '9000', KEYS: 'jwks.json' }

/** Files of other dialects are served with this backend for all functions. */
const isForeign = (name: string): boolean => /^(?:fc|gateway-auth|istio)-/.test(name)

function read(name: string): Promise<ConfigurationReading> {
  const file = relative(process.cwd(), join(FOLDER, name))
  return readConfiguration(
    { file, backends: isForeign(name) ? ['http://127.0.0.1:9000'] : [] },
    { readFile: (path) => readFile(path, 'utf8'), environment: ENVIRONMENT },
  )
}

async function outcome(name: string): Promise<string> {
  const { configuration, problems } = await read(name)
  const { server, plan, files } = configuration ?? {}
  const shown = { problems, files: files?.map((each) => relative(ROOT, each)), server, plan }
  return `${JSON.stringify(shown, briefly, 2)}\n`
}

/** Keys by label alone, and no path that is different on every machine. */
function briefly(this: unknown, member: string, value: unknown): unknown {
  if (
    typeof value === 'object' &&
    value !== null &&
    'keyObject' in value &&
    'label' in value &&
    'algorithms' in value
  ) {
    return `${String(value.label)} (${String(value.algorithms)})`
  }
  if (member === 'module' && typeof value === 'string') return relative(ROOT, value)
  if (member === 'file' || member === 'message' || member === 'hint')
    return String(value).replaceAll('test/golden/config/', '')
  return value
}

describe('configurations and what they are read into', () => {
  const inputs = readdirSync(FOLDER).filter((name) => /\.in\.(?:yaml|json)$/.test(name))

  for (const name of inputs) {
    it(name, async () => {
      const golden = join(FOLDER, name.replace(/\.in\.\w+$/, '.out.json'))
      const actual = await outcome(name)
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, actual)
      assert.ok(existsSync(golden), 'write the outcome with UPDATE_GOLDEN=1')
      assert.equal(actual, readFileSync(golden, 'utf8'))
    })
  }

  it('each arrives in another process as it was, whatever dialect it comes from', async () => {
    let arrived = 0
    for (const name of inputs) {
      const { configuration } = await read(name)
      if (configuration === undefined) continue
      const passed: PortableConfiguration = deserialize(serialize(toPortable(configuration)))
      // Keys are compared by what they are, and everything else with its prototypes, which a channel does not carry.
      assert.deepEqual(fromPortable(passed), configuration, name)
      arrived++
    }
    assert.ok(arrived > 10, `${arrived}`)
  })

  it('every outcome has an input', () => {
    const outputs = readdirSync(FOLDER).filter((name) => name.endsWith('.out.json'))
    const stems = new Set(inputs.map((name) => name.replace(/\.in\.\w+$/, '')))
    assert.deepEqual(
      outputs.filter((name) => !stems.has(name.replace('.out.json', ''))),
      [],
    )
  })
})
