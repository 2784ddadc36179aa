import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Fault } from '../../errors/fault.ts'
import { serializeResponseHead } from '../../http1/index.ts'
import type { UpgradeOffer } from '../exchange.ts'
import { mayBeOffered } from '../upgrade-protocol.ts'

/**
 * The protocol that a request asks to change to, or undefined where it asks for none that may be offered. Only one
 * protocol, only by GET, and only without a body, since bytes after the head would have two meanings.
 */
export function offeredProtocol(message: IncomingMessage): string | undefined {
  if (message.method !== 'GET' || message.httpVersion !== '1.1') return undefined
  const { rawHeaders } = message
  let protocol: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = rawHeaders[i + 1] ?? ''
    if (name === 'transfer-encoding' || (name === 'content-length' && value !== '0')) return undefined
    if (name !== 'upgrade') continue
    if (protocol !== undefined) return undefined
    protocol = value
  }
  return protocol !== undefined && mayBeOffered(protocol) ? protocol : undefined
}

/** The offer of a connection that node:http has let go of. */
export class NodeUpgradeOffer implements UpgradeOffer {
  readonly protocol: string
  readonly #socket: Socket
  readonly #response: ServerResponse
  readonly #firstBytes: Buffer
  accepted = false

  /** `firstBytes` came after the head and belong to the other protocol already. */
  constructor(protocol: string, socket: Socket, response: ServerResponse, firstBytes: Buffer) {
    this.protocol = protocol
    this.#socket = socket
    this.#response = response
    this.#firstBytes = firstBytes
  }

  accept(headers: readonly string[]): Duplex {
    if (this.accepted || this.#response.headersSent)
      throw new Fault('an upgrade is accepted once and instead of a response')
    const socket = this.#socket
    const fields = ['Connection', 'Upgrade', 'Upgrade', this.protocol, ...headers]
    const head = serializeResponseHead(101, 'Switching Protocols', fields)
    if (!head.ok) throw new Fault('the fields of an accepted upgrade cannot be sent', { cause: head.error })
    this.accepted = true
    if (!socket.destroyed) this.#response.detachSocket(socket)
    // From here on the waiting times are those of whoever moves the bytes.
    socket.setTimeout(0)
    socket.removeAllListeners('timeout')
    socket.write(head.value, 'latin1')
    if (this.#firstBytes.length > 0) socket.unshift(this.#firstBytes)
    return socket
  }
}
