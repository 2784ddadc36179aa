/** The composition root of a worker: the file that `startWorkers` runs, once for each. */
import { Socket } from 'node:net'
import { Worker } from './gateway/workers/worker.ts'
import type { ToWorker } from './gateway/workers/messages.ts'
import { systemClock } from './kernel/clock.ts'
import { jsonAccessLog } from './telemetry/access-log.ts'
import { jsonLog } from './telemetry/log.ts'
import { ProcessMetrics } from './telemetry/metrics/index.ts'
import { standardOutput } from './telemetry/output.ts'

const out = standardOutput({ shared: true })

const worker = new Worker({
  dependencies: ({ level, access }, { worker: number }) => ({
    clock: systemClock,
    log: jsonLog(level, out, { worker: number }),
    accessLog: access && level !== 'silent' ? jsonAccessLog(out, { worker: number }) : undefined,
  }),
  collectors: [new ProcessMetrics()],
  // A primary that is gone hears nothing, and is told of by `disconnect`.
  send: (message) => process.send?.(message, undefined, {}, () => {}),
  // A function may have left timers or sockets: they must not keep it alive.
  exit: () => process.exit(0),
})

// Also where a function ends the process, or throws beside its answer.
process.on('exit', () => out.flush())
process.on('message', (message: unknown, handle: unknown) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but the primary has the other end of the channel
  worker.receive(message as ToWorker, handle instanceof Socket ? handle : undefined)
})
process.on('disconnect', () => worker.drain())
// A terminal sends them to every process, and it is the primary that says when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
