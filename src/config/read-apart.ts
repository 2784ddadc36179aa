import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Environment } from '../dialects/native/index.ts'
import { Fault } from '../errors/fault.ts'
import { fromPortable, type PortableConfiguration } from './portable-configuration.ts'
import type { ConfigurationEntry, ConfigurationReading } from './read-configuration.ts'
import type { ConfigurationReader } from './read-from-disk.ts'

/** What the thread is told. */
export interface ReadingOrder {
  readonly entry: ConfigurationEntry
  readonly environment: Environment
}

/** What it answers. SECRET, as the configuration in it. */
export type PortableReading = Omit<ConfigurationReading, 'configuration'> & {
  readonly configuration: PortableConfiguration | undefined
}

/** Beside this file, and like it TypeScript or built. */
const MODULE = new URL(`./reader-thread${extname(import.meta.url)}`, import.meta.url)

/**
 * Reads a configuration in a thread of its own: of a hundred thousand routes that takes seconds, in which nobody would
 * be served. Rejects with a Fault where the thread comes to no end.
 */
export const readApart: ConfigurationReader = readBy(MODULE)

/** The same by another module, which answers as `reader-thread.ts` does. */
export function readBy(module: URL): ConfigurationReader {
  return async (entry, environment) => {
    const order: ReadingOrder = { entry, environment }
    const { configuration, ...rest } = await answerOf(new Worker(module, { workerData: order }))
    return { ...rest, configuration: configuration && fromPortable(configuration) }
  }
}

function answerOf(thread: Worker): Promise<PortableReading> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', (cause) =>
      reject(new Fault(`the configuration could not be read: ${cause.message}`)),
    )
    // After a message this changes nothing.
    thread.once('exit', () =>
      reject(new Fault('the configuration could not be read: its thread has ended early')),
    )
  })
}
