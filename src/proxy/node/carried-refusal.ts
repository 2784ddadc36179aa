import type { Refusal } from '../../errors/refusal.ts'

/**
 * A refusal on its way through a library that takes only errors for reasons: a body that broke off, an answer that may
 * not be passed on, a client that is gone. It ends in `refusalOf`. Only broken exchanges ever make one.
 */
export class CarriedRefusal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.reason)
    this.refusal = refusal
  }
}
