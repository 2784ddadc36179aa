/** Reading of configuration: files in, a plan and all problems out. */
export type { Configuration } from './configuration.ts'
export { formatProblems } from './format-problems.ts'
export { configurationSchema } from './json-schema.ts'
export { fromPortable, toPortable, type PortableConfiguration } from './portable-configuration.ts'
export {
  readConfiguration,
  type ConfigurationEntry,
  type ConfigurationReading,
} from './read-configuration.ts'
export type { AdminSpec, ListenerSpec, LogSpec } from './server-spec.ts'
export { FileWatch } from './watch-files.ts'
