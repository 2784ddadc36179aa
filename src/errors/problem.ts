/** One thing that is wrong, or was silently made right, in a configuration: all of them are reported in one run. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1; the line of the nearest node that exists. */
  readonly line: number
  /** A lower-case fragment without a final period; user input in backticks; never key material. */
  readonly message: string
  /** What to do about it, where that is not plain from the message. */
  readonly hint?: string
}

/** Where something stands in the configuration, for messages, `explain` and the export of the plan. */
export interface Origin {
  readonly file: string
  readonly line: number
}
