/** Fields that are about one connection (RFC 9110 §7.6.1), and two that the world uses so without a standard. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The lengths of those names, so that most names are kept without being looked at. */
const HOP_BY_HOP_LENGTHS: ReadonlySet<number> = new Set([...HOP_BY_HOP].map((name) => name.length))

/**
 * Fields that stay although a Connection field lists them (RFC 9110 §7.6.1 forbids to list what is meant for all
 * recipients). A client could otherwise have removed what tells the backend where a message ends, whom it is for,
 * what it holds, or what a trusted proxy before the gateway said of the client (CVE-2024-45410 and its like).
 */
const NEVER_LISTED =
  /^(?:host|date|authorization|cookie|set-cookie|cache-control|forwarded|via|content-.+|x-forwarded-.+|x-real-ip)$/

/**
 * The fields that a gateway passes on, names and values in turn as given: without the hop-by-hop fields and without
 * what the Connection fields list. Of TE only `trailers` is kept (RFC 9110 §10.1.4). To be called before the gateway
 * sets fields of its own, so that `Connection` cannot remove those.
 */
export function endToEnd(headers: readonly string[]): string[] {
  const listed = listedByConnection(headers)
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    if (!HOP_BY_HOP_LENGTHS.has(name.length) && listed.size === 0) {
      kept.push(name, value)
      continue
    }
    const lower = name.toLowerCase()
    if (lower === 'te') {
      if (mentionsTrailers(value)) kept.push(name, 'trailers')
    } else if (!HOP_BY_HOP.has(lower) && !listed.has(lower)) {
      kept.push(name, value)
    }
  }
  return kept
}

const NONE: ReadonlySet<string> = new Set()

/**
 * The names, in lower case, of the fields that the Connection fields of a message list for removal. Options that are
 * no field names (`close`, `keep-alive`) and fields that must stay are not among them.
 */
export function listedByConnection(headers: readonly string[]): ReadonlySet<string> {
  let listed: Set<string> | undefined
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    for (const option of (headers[i + 1] ?? '').split(',')) {
      const lower = option.trim().toLowerCase()
      if (lower === '' || lower === 'close' || HOP_BY_HOP.has(lower) || NEVER_LISTED.test(lower)) continue
      listed ??= new Set()
      listed.add(lower)
    }
  }
  return listed ?? NONE
}

function mentionsTrailers(value: string): boolean {
  return value.split(',').some((coding) => coding.trim().toLowerCase() === 'trailers')
}
