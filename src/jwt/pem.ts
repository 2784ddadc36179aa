import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { JsonValue } from '../kernel/json.ts'
import { ok, type Result } from '../kernel/result.ts'
import { readJwk } from './jwk.ts'
import { keyLabel, keyProblem, type KeyProblem } from './key-problem.ts'
import type { Algorithm, VerificationKey } from './types.ts'

/** A key from PEM text. */
export interface PemKey extends VerificationKey {
  /** Until when the certificate holds, in milliseconds since the epoch; undefined for a bare public key. */
  readonly notAfterMs: number | undefined
}

/**
 * Reads the one public key of a PEM text (RFC 7468): `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`. It then goes the
 * way of a JWK, with the same refusals. A certificate is a wrapping only: neither its dates nor its signer are checked.
 */
export function readPem(
  text: string,
  kid: string | undefined,
  alg: Algorithm | undefined,
  position: string,
): Result<PemKey, KeyProblem> {
  const label = keyLabel(kid, position)
  const block = readBlock(text, label)
  if (!block.ok) return block
  const opened = openBlock(block.value, label)
  if (!opened.ok) return opened
  const { members, notAfterMs } = opened.value
  const key = readJwk(
    { ...members, ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) },
    position,
  )
  return key.ok ? ok({ ...key.value, notAfterMs }) : key
}

interface Block {
  readonly type: string
  readonly pem: string
}

/** A certificate with a long list of names has some 10 KiB; more than 64 is something else. */
const MAX_PEM_LENGTH = 65_536
const BEGIN = '-----BEGIN '
const DASHES = '-----'

function readBlock(text: string, label: string): Result<Block, KeyProblem> {
  if (text.length > MAX_PEM_LENGTH)
    return keyProblem('malformed', label, 'the PEM text is longer than 64 KiB')
  // First of all, and wherever it stands: a private key must not lie where public keys are read from.
  if (text.includes('PRIVATE KEY-----')) {
    return keyProblem(
      'private',
      label,
      'this is a private key',
      'give the public key (`openssl pkey -in key.pem -pubout`); replace the key pair if others could read this',
    )
  }
  const begin = text.indexOf(BEGIN)
  if (begin < 0)
    return keyProblem('malformed', label, 'there is no `-----BEGIN` line', 'give the PEM text, not its path')
  if (text.includes(BEGIN, begin + 1)) {
    return keyProblem(
      'malformed',
      label,
      'there are several PEM blocks',
      'give one public key or certificate alone',
    )
  }
  const typeEnd = text.indexOf(DASHES, begin + BEGIN.length)
  const type = text.slice(begin + BEGIN.length, Math.max(typeEnd, begin + BEGIN.length))
  if (!READABLE.has(type)) {
    return keyProblem(
      'unsupported',
      label,
      'the PEM block is none of `PUBLIC KEY`, `RSA PUBLIC KEY`, `CERTIFICATE`',
    )
  }
  const endLine = `-----END ${type}-----`
  const end = text.indexOf(endLine, typeEnd)
  if (end < 0)
    return keyProblem('malformed', label, `the \`${endLine}\` line is missing`, 'give the PEM text whole')
  return readBody(text.slice(typeEnd + DASHES.length, end), type, label)
}

const READABLE: ReadonlySet<string> = new Set(['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'])

/** Lines are trimmed and set again, because PEM in an indented YAML block is still the same key. */
function readBody(body: string, type: string, label: string): Result<Block, KeyProblem> {
  if (body.includes('\\n')) {
    return keyProblem(
      'malformed',
      label,
      'the PEM text has `\\n` where line breaks should be',
      'write real line breaks',
    )
  }
  const base64 = body.replaceAll(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return keyProblem('malformed', label, 'there is something other than base64 between the PEM lines')
  }
  const lines = base64.match(/.{1,64}/g) ?? []
  return ok({ type, pem: `${BEGIN}${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n` })
}

interface Opened {
  readonly members: Readonly<Record<string, JsonValue>>
  readonly notAfterMs: number | undefined
}

function openBlock(block: Block, label: string): Result<Opened, KeyProblem> {
  let key: KeyObject
  let notAfterMs: number | undefined
  try {
    if (block.type === 'CERTIFICATE') {
      const certificate = new X509Certificate(block.pem)
      key = certificate.publicKey
      notAfterMs = certificate.validToDate.getTime()
    } else {
      key = createPublicKey({ key: block.pem, format: 'pem' })
    }
  } catch {
    return keyProblem('malformed', label, `the PEM block does not hold a \`${block.type.toLowerCase()}\``)
  }
  try {
    return ok({ members: exportMembers(key), notAfterMs })
  } catch {
    // DSA, RSASSA-PSS and brainpool keys have no form as a JWK.
    return keyProblem('unsupported', label, 'the key type is not one that tokens are verified with')
  }
}

function exportMembers(key: KeyObject): Readonly<Record<string, JsonValue>> {
  const members: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(key.export({ format: 'jwk' }))) {
    if (typeof value === 'string') members[name] = value
  }
  return members
}
