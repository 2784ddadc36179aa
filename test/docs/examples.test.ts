import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { formatProblems, readConfiguration } from '../../src/config/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
)

interface Block {
  readonly language: string
  /** The second word behind the fence: the name of the file that it shows. */
  readonly file: string | undefined
  readonly line: number
  readonly text: string
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
    language: match[1]!,
    file: match[2],
    line: text.slice(0, match.index).split('\n').length,
    text: match[3]!,
  }))
}

/** Answers of the gateway are JSON, too; each has the id of its request. */
const isAnswer = ({ text }: Block): boolean => /"requestid"/i.test(text)

const isConfiguration = (block: Block): boolean =>
  (block.language === 'yaml' || block.language === 'json') && !isAnswer(block)

/** RFC 7517, appendix A.1. */
const JWKS = JSON.stringify({
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      kid: '1',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    },
  ],
})

/** What `check` says of a block, which may name the files that other blocks of its page show. */
async function check(block: Block, page: readonly Block[]): Promise<{ ok: boolean; printed: string }> {
  const file = block.file ?? 'claimgate.yaml'
  const shown = new Map(page.filter(isConfiguration).map((other) => [other.file, other.text]))
  const isNative = /^version: 1$/m.test(block.text)
  const { configuration, problems } = await readConfiguration(
    { file, backends: isNative ? [] : ['http://127.0.0.1:9000'] },
    {
      readFile: async (path) => {
        if (path === file) return block.text
        return shown.get(path) ?? (path.endsWith('jwks.json') ? JWKS : readFile(path, 'utf8'))
      },
    },
  )
  return { ok: configuration !== undefined, printed: formatProblems(problems) }
}

describe('configurations in the documentation', () => {
  for (const page of PAGES) {
    const blocks = blocksOf(page)
    for (const [index, block] of blocks.entries()) {
      if (!isConfiguration(block)) continue
      it(`${page}:${block.line} is one that serves`, async () => {
        const { ok, printed } = await check(block, blocks)
        assert.ok(ok, printed)
        const next = blocks[index + 1]
        // A command between the two is another question.
        if (next?.language === 'text') assert.equal(printed, next.text)
      })
    }
  }

  it('are found at all', () => {
    const found = PAGES.flatMap((page) => blocksOf(page).filter(isConfiguration))
    assert.ok(found.length >= 7, `only ${found.length}`)
  })
})

describe('the table of warnings in docs/dialects.md', () => {
  const page = readFileSync(join(ROOT, 'docs/dialects.md'), 'utf8')
  const section = page.slice(page.indexOf('## What the warnings mean'), page.indexOf('## What is different'))
  const messages = [...section.matchAll(/^\| (.*?) \| .* \|$/gm)].map((row) => row[1]!).slice(1)
  const sources = readdirSync(join(ROOT, 'src/dialects'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|^native/.test(name))
    .map((name) => readFileSync(join(ROOT, 'src/dialects', name), 'utf8').replaceAll('\\`', '`'))

  it('has rows', () => assert.ok(messages.length > 20))

  for (const message of messages)
    it(`is true of: ${message}`, () => {
      const pieces = message
        .split('…')
        .map((piece) => piece.trim())
        .filter((piece) => piece !== '')
      assert.ok(
        sources.some((text) => pieces.every((piece) => text.includes(piece))),
        'no dialect says so any more',
      )
    })

  it('has a row for every warning of the two dialects', () => {
    const folders = ['function-compute', 'gateway-auth']
    const missing = folders.flatMap((folder) =>
      readdirSync(join(ROOT, 'src/dialects', folder)).flatMap((name) => {
        const text = readFileSync(join(ROOT, 'src/dialects', folder, name), 'utf8')
        const warnings = [...text.matchAll(/warning\(\s*(['`])((?:\\.|(?!\1).)*)\1/gs)].map((match) =>
          match[2]!.replaceAll('\\`', '`'),
        )
        return warnings.filter((warning) => !messages.some((row) => fits(row, warning)))
      }),
    )
    assert.deepEqual(missing, [])
  })
})

/** Whether a row with `…` stands for a message with `${…}`. */
function fits(row: string, warning: string): boolean {
  const bare = (text: string): string => text.replaceAll(/`?\$\{[^}]*\}`?/g, '…').replaceAll(/`…`/g, '…')
  const pieces = row.split('…').map((piece) => piece.trim())
  const text = bare(warning)
  let at = 0
  for (const piece of pieces) {
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return true
}

it('no page links to a file that is not there', () => {
  const broken = PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    return [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map((match) => relative(ROOT, resolve(ROOT, page, '..', match[1]!)))
      .filter((target) => {
        try {
          readFileSync(join(ROOT, target))
          return false
        } catch {
          return true
        }
      })
      .map((target) => `${page}: ${target}`)
  })
  assert.deepEqual(broken, [])
})
