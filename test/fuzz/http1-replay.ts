/** Runs the codec over a connection's bytes as an engine would, for the tests that compare outcomes. */
import {
  createBodyDecoder,
  DEFAULT_HTTP_LIMITS,
  HeadReader,
  RequestGrammar,
  ResponseGrammar,
  responseFraming,
  type BodyDecoder,
  type BodyFraming,
  type BodySink,
  type HeadGrammar,
  type HttpLimits,
  type HttpProblem,
  type RequestHead,
  type ResponseHead,
} from '../../src/http1/index.ts'

export interface ReplayedMessage<Head> {
  readonly head: Head
  readonly body: string
  readonly trailers: readonly string[]
  /** Offset in the whole input of the first byte after the message. */
  readonly end: number
}

export interface Replay<Head> {
  /** Complete messages, in order. */
  readonly messages: readonly ReplayedMessage<Head>[]
  readonly problem: HttpProblem | undefined
  /** A head that was accepted although its body is not complete, or was refused. */
  readonly open: Head | undefined
}

/** Reads requests until a problem, the end, or a request after which the connection is closed. */
export function replayRequests(
  pieces: readonly Buffer[],
  limits: HttpLimits = DEFAULT_HTTP_LIMITS,
  grammar = new RequestGrammar(limits),
): Replay<RequestHead> {
  const rules = {
    limits,
    framingOf: (head: RequestHead) => head.framing,
    isLast: (head: RequestHead) => !head.keepAlive,
  }
  return replay(pieces, grammar, rules)
}

/** Reads the responses to requests of these methods; interim responses answer none of them. */
export function replayResponses(
  pieces: readonly Buffer[],
  methods: readonly string[],
  limits: HttpLimits = DEFAULT_HTTP_LIMITS,
  grammar = new ResponseGrammar(limits),
): Replay<ResponseHead> {
  let answered = 0
  return replay(pieces, grammar, {
    limits,
    framingOf: (head) => responseFraming(head, methods[answered] ?? 'GET'),
    isLast: (head) => {
      if (head.status === 101) return true
      if (head.status < 200) return false
      answered++
      return answered === methods.length || !head.keepAlive
    },
  })
}

/** Enough for the end of any head. */
const BEHIND_BYTES = 8

interface Rules<Head> {
  readonly limits: HttpLimits
  framingOf(head: Head): BodyFraming
  /** Whether the connection is closed after this message. */
  isLast(head: Head): boolean
}

class Connection<Head> {
  readonly messages: ReplayedMessage<Head>[] = []
  problem: HttpProblem | undefined
  open: { readonly head: Head; readonly decoder: BodyDecoder; body: string } | undefined
  closed = false
  readonly #reader: HeadReader<Head>
  readonly #rules: Rules<Head>

  constructor(grammar: HeadGrammar<Head>, rules: Rules<Head>) {
    this.#reader = new HeadReader(grammar)
    this.#rules = rules
  }

  /** Reads one head, or on in one body; returns where that ended. `offset` is that of the piece, which ends at `length`. */
  step(memory: Buffer, at: number, length: number, offset: number): number {
    if (this.open === undefined) {
      const head = this.#reader.read(memory, at, length)
      const end = at + this.#reader.consumed
      if (head?.ok === false) this.problem = head.error
      // Whether a head came before depends on what else was read, and on nothing in it.
      if (head?.ok === true) this.#begin({ ...head.value, repeated: false }, offset + end)
      return end
    }
    const open = this.open
    const sink: BodySink = {
      data: (bytes, start, end) => void (open.body += bytes.toString('latin1', start, end)),
    }
    const end = at + open.decoder.push(memory, at, length, sink)
    this.problem = open.decoder.problem
    if (open.decoder.done) this.#complete(offset + end)
    return end
  }

  end(offset: number): void {
    if (this.closed || this.problem !== undefined) return
    this.problem = this.open === undefined ? this.#reader.finish() : this.open.decoder.finish()
    if (this.open?.decoder.done === true) this.#complete(offset)
  }

  #begin(head: Head, offset: number): void {
    const decoder = createBodyDecoder(this.#rules.framingOf(head), this.#rules.limits)
    this.open = { head, decoder, body: '' }
    if (decoder.done) this.#complete(offset)
  }

  #complete(end: number): void {
    const { head, decoder, body } = this.open!
    this.messages.push({ head, body, trailers: [...decoder.trailers], end })
    this.open = undefined
    this.closed = this.#rules.isLast(head)
  }
}

function replay<Head>(
  pieces: readonly Buffer[],
  grammar: HeadGrammar<Head>,
  rules: Rules<Head>,
): Replay<Head> {
  const connection = new Connection(grammar, rules)
  // Read as an engine reads: again and again into the same memory, with what came before, or the ends of lines, behind it.
  const memory = Buffer.alloc(Math.max(0, ...pieces.map(({ length }) => length)) + BEHIND_BYTES, '\r\n')
  let offset = 0
  for (const piece of pieces) {
    piece.copy(memory)
    let at = 0
    while (at < piece.length && !connection.closed && connection.problem === undefined) {
      at = connection.step(memory, at, piece.length, offset)
    }
    offset += piece.length
  }
  connection.end(offset)
  return { messages: connection.messages, problem: connection.problem, open: connection.open?.head }
}
