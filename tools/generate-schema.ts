/**
 * Keeps the promise that editors and people see the settings that the gateway reads: writes the JSON Schema and the page
 * about configuration from the schema that the configuration is read by. A test compares them.
 */
import { writeFileSync } from 'node:fs'
import { configurationSchema } from '../src/config/index.ts'
import { configurationPage } from './configuration-page.ts'

const schema = configurationSchema()
writeFileSync(
  new URL('../schema/claimgate.schema.json', import.meta.url),
  `${JSON.stringify(schema, null, 2)}\n`,
)
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage(schema))
