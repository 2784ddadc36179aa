import { METRICS_CONTENT_TYPE, metricsText, type MetricsSnapshot } from '../../telemetry/metrics/index.ts'

/** What stands at one path of the admin address. */
export interface Page {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Makes a page anew for each request. */
export type PageMaker = () => Page | Promise<Page>

/** By path. */
export type Pages = ReadonlyMap<string, PageMaker>

/** How far the gateway has come: a load balancer sends requests while it is `ready`. */
export type Readiness = 'starting' | 'ready' | 'draining'

export function textPage(status: number, text: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` }
}

/** A page of JSON. What `read` gives must be free of secrets: nobody is asked for a password. */
export function jsonPage(read: () => unknown): PageMaker {
  return async () => ({
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify(await read(), null, 2)}\n`,
  })
}

/** 200 for as long as the process answers at all. */
export const healthPage: PageMaker = () => textPage(200, 'ok')

export function readinessPage(readiness: () => Readiness): PageMaker {
  return () => {
    const state = readiness()
    return textPage(state === 'ready' ? 200 : 503, state)
  }
}

export function metricsPage(measure: () => MetricsSnapshot | Promise<MetricsSnapshot>): PageMaker {
  return async () => ({
    status: 200,
    contentType: METRICS_CONTENT_TYPE,
    body: metricsText(await measure()),
  })
}
