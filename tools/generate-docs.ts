/** Keeps the promise that docs/errors.md lists every reason: writes its table from the one in src/authn/reasons.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { reasonsTable, withReasons } from './reasons-table.ts'

const file = new URL('../docs/errors.md', import.meta.url)
writeFileSync(file, withReasons(readFileSync(file, 'utf8'), reasonsTable()))
