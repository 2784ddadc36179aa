import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { it } from 'node:test'
import { run } from './built-cli.ts'
import { createFolder } from './folder.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/explain.md'), 'utf8')
const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}[^\n]*\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? ''
const folder = await createFolder(block('yaml'))

it('docs/explain.md shows what the command prints', async () => {
  const [program, ...args] = block('sh').trim().split(' ')
  assert.equal(program, 'claimgate')
  const { code, stdout } = await run(args, { cwd: folder.path })
  assert.equal(code, 1)
  assert.equal(stdout.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…'), block('text'))
})
