import { refuse, type Refusal } from '../../errors/refusal.ts'

/**
 * What node's parser or its clock found wrong with the bytes of a client, or undefined where the connection itself
 * broke and there is nobody to answer.
 */
export function parserRefusal(error: Error): Refusal | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'HPE_HEADER_OVERFLOW') {
    const detail = 'the request line and header fields together are larger than limits.maxHeadBytes'
    return refuse('GW_REQUEST_HEAD_TOO_LARGE', 'head-too-large', { detail })
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refuse('GW_REQUEST_TIMEOUT', 'head-timeout', {
      detail: 'the request head was not complete within `timeouts.head`',
    })
  }
  // The client closed in the middle of a message.
  if (code === 'HPE_INVALID_EOF_STATE' || !code.startsWith('HPE_')) return undefined
  // Only the parser's own word for it: its text would quote what the client sent.
  const reason = code.slice('HPE_'.length).toLowerCase().replaceAll('_', '-')
  return refuse('GW_REQUEST_MALFORMED', reason, {
    detail: 'the client sent bytes that are not HTTP/1.1 (RFC 9112)',
  })
}
