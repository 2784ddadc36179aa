import { err, type Err } from '../kernel/result.ts'

/** Why a key cannot be used. `private` and `shape` are errors of the configuration; the others skip one key. */
export interface KeyProblem {
  readonly kind: KeyProblemKind
  /** Which key: `kid "abc"`, or its position such as `keys[2]`. */
  readonly label: string
  /** What is wrong, the label in front. INVARIANT: never holds key material. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

export type KeyProblemKind =
  /** The document is no key set. */
  | 'shape'
  /** It holds private members, or is a private key. */
  | 'private'
  /** Too small, or of a form that anybody can forge with. */
  | 'weak'
  /** Fine perhaps, but of a type, curve or algorithm that is not served here. */
  | 'unsupported'
  | 'malformed'
  /** Meant for something other than verifying. */
  | 'use'
  /** Another key of the set has the same name. */
  | 'ambiguous'

export function keyProblem(
  kind: KeyProblemKind,
  label: string,
  what: string,
  hint?: string,
): Err<KeyProblem> {
  const message = `${label}: ${what}`
  return err(hint === undefined ? { kind, label, message } : { kind, label, message, hint })
}

/** How a key is spoken of: by kid where it has one, otherwise by `fallback`. */
export function keyLabel(kid: string | undefined, fallback: string): string {
  return kid === undefined ? fallback : `kid ${quoted(kid)}`
}

/** Text from a key document, fit for one line of a log: quoted, cut, and without characters that steer a terminal. */
export function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
  return JSON.stringify(cut).replace(UNPRINTABLE, '\ufffd')
}

/** A kid is a name or a SHA-256 thumbprint (43 characters); what goes beyond 64 tells nobody more. */
const MAX_QUOTED = 64
/** Control and format characters that JSON leaves as they are: C1, line separators, text direction, zero width. */
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g
