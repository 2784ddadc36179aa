/** Reading of configuration: files in, a plan and all problems out. */
export type { Configuration } from './configuration.ts'
export { formatProblems } from './format-problems.ts'
export { configurationSchema } from './json-schema.ts'
export { fromPortable, toPortable, type PortableConfiguration } from './portable-configuration.ts'
export { readApart } from './read-apart.ts'
export {
  readConfiguration,
  type ConfigurationEntry,
  type ConfigurationReading,
} from './read-configuration.ts'
export { readFromDisk, type ConfigurationReader } from './read-from-disk.ts'
export type { AdminSpec, ListenerSpec, LogSpec } from './server-spec.ts'
export { FileWatch } from './watch-files.ts'
