import { REASONS } from '../src/authn/index.ts'

const BEGIN = '<!-- reasons: written by `npm run docs` -->'
const END = '<!-- end of reasons -->'

/** The rows of every private reason for GW_TOKEN_INVALID. */
export function reasonsTable(): string {
  return Object.entries(REASONS)
    .filter(([, { code }]) => code === 'GW_TOKEN_INVALID')
    .map(([reason, { detail }]) => `| \`${reason}\` | ${detail} |`)
    .join('\n')
}

/** The page with the table between its two marks. */
export function withReasons(page: string, table: string): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin === -1 || end < begin)
    throw new Error('docs/errors.md has lost the marks around its table of reasons')
  return `${page.slice(0, begin + BEGIN.length)}\n\n| reason | what it means |\n|---|---|\n${table}\n\n${page.slice(end)}`
}
