import { readdir, readFile } from 'node:fs/promises'
import type { Environment } from '../dialects/native/index.ts'
import {
  readConfiguration,
  type ConfigurationEntry,
  type ConfigurationReading,
} from './read-configuration.ts'

/** How a configuration is read: here, or in a thread of its own. */
export type ConfigurationReader = (
  entry: ConfigurationEntry,
  environment: Environment,
) => Promise<ConfigurationReading>

/** Reads a configuration from the files of this machine. */
export const readFromDisk: ConfigurationReader = (entry, environment) =>
  readConfiguration(entry, { readFile: (path) => readFile(path, 'utf8'), readFolder, environment })

/** The files in a folder; undefined for what is none, or cannot be looked into: reading it as a file says why. */
async function readFolder(path: string): Promise<readonly string[] | undefined> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch {
    return undefined
  }
}
