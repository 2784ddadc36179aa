/** The thread of `readApart`: reads one configuration, answers with it, and ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { toPortable } from './portable-configuration.ts'
import type { PortableReading, ReadingOrder } from './read-apart.ts'
import { readFromDisk } from './read-from-disk.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but `readApart` starts it
const { entry, environment } = workerData as ReadingOrder
const { configuration, ...rest } = await readFromDisk(entry, environment)
const answer: PortableReading = { ...rest, configuration: configuration && toPortable(configuration) }
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread and no window
parentPort?.postMessage(answer)
