/** A bug, or a start that cannot go on: the only thing that is thrown. The server turns it into GW_INTERNAL. */
export class Fault extends Error {
  /** What the person at the terminal can do next. */
  readonly hint: string | undefined

  constructor(message: string, options: { readonly cause?: unknown; readonly hint?: string } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.hint = options.hint
  }
}
