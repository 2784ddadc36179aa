import { Agent, get } from 'node:http'

/** Where somebody comes from: an address of loopback of their own, or one that a proxy reports. */
export interface Origin {
  readonly localAddress?: string
  readonly forwardedFor?: string
}

/** Somebody with one connection, who sends the next request when the last is answered. */
export class Visitor {
  readonly #url: string
  readonly #origin: Origin
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(url: string, origin: Origin) {
    this.#url = url
    this.#origin = origin
  }

  /** Sends a token; answers with the status, and how long another try should wait, where that is said. */
  send(token: string): Promise<{ readonly status: number; readonly retryAfter: string | undefined }> {
    const { localAddress, forwardedFor } = this.#origin
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(forwardedFor === undefined ? {} : { 'X-Forwarded-For': forwardedFor }),
    }
    const options = { agent: this.#agent, headers, ...(localAddress === undefined ? {} : { localAddress }) }
    return new Promise((resolve, reject) => {
      get(this.#url, options, (response) => {
        response.resume()
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
        )
        response.once('error', reject)
      }).once('error', reject)
    })
  }

  leave(): void {
    this.#agent.destroy()
  }

  [Symbol.dispose](): void {
    this.leave()
  }
}
