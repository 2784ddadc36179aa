import { z } from 'zod'
import { parseBackendUrl } from '../backend-url.ts'
import { labelsSchema, namespaceSchema } from './mesh-schema.ts'
import { count, duration, HOUR_MS, MINUTE_MS, textOf } from './quantity.ts'
import { exactlyOne, section } from './section.ts'

const file = z.string().min(1).meta({ title: 'file' })

export const backendSchema = section({
  url: textOf('URL', 'http://127.0.0.1:9000', parseBackendUrl)
    .optional()
    .describe('URL of the service. A path in it is put before the path of each request.'),
  urls: z
    .array(textOf('URL', 'http://127.0.0.1:9000', parseBackendUrl))
    .min(1)
    .optional()
    .describe('Several URLs of one service, taken in turn.'),
  function: file
    .optional()
    .describe(
      'File of a JavaScript module with `export default { fetch(request) }`, run beside the gateway.',
    ),
  hostHeader: z
    .enum(['client', 'backend'])
    // What the client asked for is what applications build their links and cookies from.
    .default('client')
    .describe("Which `Host` the backend sees: the client's, or that of its own URL."),
  // Two lost packets of a connection take three seconds to be sent again; later attempts rarely succeed.
  connectTimeout: duration({ maxMs: 5 * MINUTE_MS })
    .prefault('5s')
    .describe('Longest wait for a connection.'),
  // As in nginx and HAProxy; people give up sooner.
  firstByteTimeout: duration({ maxMs: 24 * HOUR_MS })
    .prefault('60s')
    .describe('Longest wait from the end of the request to the head of the answer.'),
  // Event streams send a comment each half minute or so; language models may think for minutes.
  idleTimeout: duration({ maxMs: 24 * HOUR_MS, zero: true })
    .prefault('5m')
    .describe('Longest silence between two pieces of a body; `0s` for no end.'),
  // More at one time is queueing in the backend rather than here.
  maxConnections: count({ min: 1, max: 65_535 })
    .default(256)
    .describe('Connections to each URL at one time.'),
  ca: file
    .optional()
    .describe("File of the authorities that sign the backend's certificate, PEM, instead of the system's."),
  // A function answers as soon as other backends do.
  timeout: duration({ maxMs: 24 * HOUR_MS })
    .prefault('60s')
    .describe('For a function: longest time for its answer.'),
  namespace: namespaceSchema
    .prefault('default')
    .describe('The namespace that it is in, for policies of a service mesh.'),
  labels: labelsSchema.prefault({}).describe('The labels by which selectors of a service mesh choose it.'),
}).check(exactlyOne(['url', 'urls', 'function']))
