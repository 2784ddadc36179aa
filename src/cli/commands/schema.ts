import { configurationSchema } from '../../config/index.ts'
import type { ExitCode, Terminal } from '../terminal.ts'

/** Prints the JSON Schema of the native configuration (draft-07, which editors read). */
export function schemaCommand(terminal: Terminal): ExitCode {
  terminal.out(`${JSON.stringify(configurationSchema(), null, 2)}\n`)
  return 0
}
