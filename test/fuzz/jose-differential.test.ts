import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { errors, importJWK, jwtVerify, type CryptoKey, type JWTVerifyOptions } from 'jose'
import { parseToken, verifyToken, type ClaimRules, type JwtRejection } from '../../src/jwt/index.ts'
import { ALGORITHMS, claimRules, createSigner, encodePart, keySetOf, type Signer } from '../support/signer.ts'

// jose is another implementation by other people on another cryptographic interface. For every token, honest or
// mangled, it and ours must come to the same end. jose has no Ed448; our own tests and Wycheproof cover that curve.

const NOW = 1_800_000_000
const RUNS = 3000

/** One key per algorithm, all RSA ones of one key pair, so that nothing but `alg` tells them apart; one without a kid. */
const signers: readonly Signer[] = [
  ...ALGORITHMS.map((alg) => createSigner(alg, { kid: `kid-${alg}` })),
  createSigner('ES256'),
]
const keys = keySetOf(...signers.map(({ jwk }) => jwk))

/**
 * Where ours refuses and jose does not, on purpose. A difference the other way round is never allowed. `holds` looks at
 * the token itself, so that a refusal for the wrong reason does not hide here.
 */
const STRICTER: readonly { readonly why: string; holds(rejection: JwtRejection, token: string): boolean }[] =
  [
    {
      why: 'jose decodes base64 with padding, white space, and unused bits that are set',
      holds: ({ reason }, token) =>
        reason.endsWith('-base64') &&
        token.split('.').some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part),
    },
    {
      why: 'jose takes the last of two members of one name',
      holds: ({ reason }, token) => reason.endsWith('-json') && hasDuplicateName(token),
    },
    {
      why: 'jose skips a byte order mark and replaces what is not UTF-8',
      holds: ({ reason }, token) => reason.endsWith('-json') && !isPlainUtf8(token),
    },
    {
      why: 'jose has no limit to the depth of JSON',
      holds: ({ reason }, token) => reason === 'payload-json' && payloadText(token).includes('['.repeat(33)),
    },
    {
      why: 'jose looks at iat only where a token age is asked for',
      holds: ({ reason }) => reason === 'issued-in-the-future',
    },
    {
      why: 'jose does not check the types of iss, sub, aud and jti where no rule asks for them, and takes times of any size',
      holds: ({ reason, member }, token) =>
        reason === 'claim-type' && member !== undefined && payloadText(token).includes(`"${member}"`),
    },
    {
      why: 'jose ignores b64 where crit does not name it',
      holds: ({ reason }, token) =>
        reason === 'b64-unsupported' && !/"crit":\[[^\]]*"b64"/.test(headerText(token)),
    },
    {
      why: 'jose understands the extension b64 of RFC 7797, as long as it is true',
      holds: ({ reason }, token) => reason === 'crit-unsupported' && headerText(token).includes('"b64":true'),
    },
  ]

interface Case {
  readonly signer: number
  readonly signedBy: number
  readonly resign: 'alg-of-signer' | 'alg-of-header' | 'hmac-with-public-key' | 'none'
  readonly header: readonly (readonly [string, string])[]
  readonly claims: readonly (readonly [string, string])[]
  readonly mutations: readonly Mutation[]
  readonly rules: ClaimRules
}

type Mutation =
  | {
      readonly kind: 'replace' | 'insert' | 'delete' | 'truncate'
      readonly at: number
      readonly char: string
    }
  | { readonly kind: 'drop-part' | 'repeat-part' | 'empty-part' | 'pad-part'; readonly part: number }

const time = fc.oneof(
  fc
    .constantFrom(NOW - 61, NOW - 60, NOW - 59, NOW - 1, NOW, NOW + 1, NOW + 59, NOW + 60, NOW + 61)
    .map(String),
  fc.constantFrom('null', '"1900000000"', '[]', '1e400', '-1', '0', '18000000000000000000001', 'true'),
)
const mostly = <T>(value: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, ...others)

const claim = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('exp', 'nbf', 'iat'), time) },
  fc.tuple(fc.constant('iss'), fc.constantFrom('"joe"', '"jo"', '"joe2"', '["joe"]', 'null', '7')),
  fc.tuple(fc.constant('sub'), fc.constantFrom('"s"', '"S"', '""', '1', '{}')),
  fc.tuple(fc.constant('aud'), fc.constantFrom('"a"', '["b","a"]', '[]', '"ab"', '["x"]', '[1,"a"]', '{}')),
  fc.tuple(
    fc.constantFrom('jti', 'x', '__proto__'),
    fc.constantFrom('"1"', '2', '{"a":[1,null,true]}', `${'['.repeat(33)}${']'.repeat(33)}`),
  ),
  fc.tuple(
    fc.constant('text'),
    fc.string({ unit: 'binary', maxLength: 8 }).map((text) => JSON.stringify(text)),
  ),
)

const headerMember = fc.oneof(
  fc.tuple(
    fc.constant('alg'),
    fc.constantFrom(...ALGORITHMS, 'none', 'None', 'HS1', '').map((alg) => JSON.stringify(alg)),
  ),
  fc.tuple(
    fc.constant('kid'),
    fc.constantFrom(...ALGORITHMS.map((alg) => `"kid-${alg}"`), '""', '"x"', '7', 'null'),
  ),
  fc.tuple(fc.constant('crit'), fc.constantFrom('["exp"]', '["b64"]', '[]', 'null', '["x","b64"]')),
  fc.tuple(fc.constant('b64'), fc.constantFrom('true', 'false', 'null', '"false"')),
  fc.tuple(
    fc.constantFrom('typ', 'cty', 'jku', 'x5u'),
    fc.constantFrom('"JWT"', '"at+jwt"', '"https://evil.example/"', '1'),
  ),
  fc.tuple(fc.constant('jwk'), fc.constantFrom('{"kty":"oct","k":"AAAA"}', '[]')),
)

const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'delete', 'truncate'),
    at: fc.nat(2000),
    char: fc.constantFrom(...'AQgw_-.=+/ \n\u00e9\u0000'.split('')),
  }),
  fc.record({ kind: fc.constantFrom('drop-part', 'repeat-part', 'empty-part', 'pad-part'), part: fc.nat(2) }),
)

const aCase: fc.Arbitrary<Case> = fc
  .record({
    // The slow curves are met too, only less often.
    signer: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(0, 3, 6, 9, 10, 11, 12, 13) },
      fc.nat(signers.length - 1),
    ),
    stranger: mostly<number | undefined>(undefined, fc.nat(signers.length - 1)),
    resign: mostly<Case['resign']>(
      'alg-of-signer',
      fc.constantFrom<Case['resign']>('alg-of-header', 'hmac-with-public-key', 'none'),
    ),
    header: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(headerMember, { maxLength: 2 })),
    claims: fc.oneof(
      { weight: 1, arbitrary: fc.constant([['exp', String(NOW + 60)] as const]) },
      fc.array(claim, { maxLength: 4 }),
    ),
    mutations: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(anyMutation, { maxLength: 2 })),
    rules: fc.record({
      issuer: mostly<string | undefined>(undefined, fc.constant('joe')),
      subject: mostly<string | undefined>(undefined, fc.constant('s')),
      audiences: mostly<readonly string[]>([], fc.constant(['a']), fc.constant(['z', 'a'])),
      clockSkewSeconds: fc.constantFrom(0, 60),
      expRequired: mostly<boolean>(false, fc.constant(true)),
    }),
  })
  .map(({ stranger, rules, ...rest }) => ({
    ...rest,
    signedBy: stranger ?? rest.signer,
    rules: claimRules(rules),
  }))

test(`jose and the verifier agree on ${RUNS} tokens, honest and mangled`, { timeout: 120_000 }, async () => {
  const joseKeys = new Map<string, CryptoKey | Uint8Array>()
  for (const { kid, jwk, alg } of signers) joseKeys.set(kid ?? '', await importJWK(jwk as never, alg))
  const seen = { accepted: 0, refused: 0, stricter: 0 }

  await fc.assert(
    fc.asyncProperty(aCase, async (one) => {
      const token = build(one)
      const ours = verifyOurs(token, one.rules)
      const theirs = await verifyJose(token, one.rules, joseKeys)
      if (ours === undefined) {
        seen.accepted++
        assert.equal(theirs, undefined, 'accepted here, refused by jose')
      } else if (theirs === undefined) {
        seen.stricter++
        const allowed = STRICTER.some((difference) => difference.holds(ours, token))
        assert.ok(allowed, `refused here (${ours.reason} ${ours.member ?? ''}), accepted by jose`)
      } else {
        seen.refused++
      }
    }),
    { numRuns: RUNS },
  )
  // A generator that made nothing but rubbish would prove nothing.
  assert.ok(seen.accepted > RUNS / 10 && seen.refused > RUNS / 10, JSON.stringify(seen))
})

function build(one: Case): string {
  const signer = signers[one.signer]!
  const defaults: readonly (readonly [string, string])[] = [
    ['alg', JSON.stringify(signer.alg)],
    ...(signer.kid === undefined ? [] : [['kid', JSON.stringify(signer.kid)] as const]),
  ]
  // A member of the case stands in place of the default of that name; the same name twice in the case stays twice.
  const kept = defaults.filter(([name]) => !one.header.some(([other]) => other === name))
  const header = objectText([...kept, ...one.header])
  const input = `${encodePart(header)}.${encodePart(objectText(one.claims))}`
  return one.mutations.reduce(mutate, `${input}.${signatureOf(one, header, input).toString('base64url')}`)
}

function objectText(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

function signatureOf(one: Case, header: string, input: string): Buffer {
  const by = signers[one.signedBy]!
  if (one.resign === 'none') return Buffer.alloc(0)
  if (one.resign === 'alg-of-header') {
    // Signed with whatever key of the set has the algorithm that the header now has.
    const { alg } = JSON.parse(header) as { alg: string }
    return (signers.find((signer) => signer.alg === alg) ?? by).sign(Buffer.from(input))
  }
  if (one.resign === 'hmac-with-public-key' && by.jwk['kty'] !== 'oct') {
    const publicKey = createPublicKey({ key: by.jwk as never, format: 'jwk' })
    return createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' }))
      .update(input)
      .digest()
  }
  return by.sign(Buffer.from(input))
}

function mutate(token: string, mutation: Mutation): string {
  if ('part' in mutation) {
    const parts = token.split('.')
    const part = parts[mutation.part] ?? ''
    const index = Math.min(mutation.part, parts.length - 1)
    if (mutation.kind === 'drop-part') parts.splice(index, 1)
    else if (mutation.kind === 'repeat-part') parts.splice(index, 0, part)
    else
      parts[index] =
        mutation.kind === 'empty-part'
          ? ''
          : `${part}${'='.repeat(part.length % 4 === 0 ? 1 : 4 - (part.length % 4))}`
    return parts.join('.')
  }
  const at = mutation.at % (token.length + 1)
  switch (mutation.kind) {
    case 'replace':
      return token.slice(0, at) + mutation.char + token.slice(at + 1)
    case 'insert':
      return token.slice(0, at) + mutation.char + token.slice(at)
    case 'delete':
      return token.slice(0, at) + token.slice(at + 1)
    case 'truncate':
      return token.slice(0, at)
  }
}

function verifyOurs(token: string, rules: ClaimRules): JwtRejection | undefined {
  const parsed = parseToken(token)
  const verified = parsed.ok ? verifyToken(parsed.value, keys, rules, NOW * 1000) : parsed
  return verified.ok ? undefined : verified.error
}

async function verifyJose(
  token: string,
  rules: ClaimRules,
  joseKeys: ReadonlyMap<string, CryptoKey | Uint8Array>,
): Promise<unknown> {
  const options: JWTVerifyOptions = {
    currentDate: new Date(NOW * 1000),
    clockTolerance: rules.clockSkewSeconds,
    ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
    ...(rules.subject === undefined ? {} : { subject: rules.subject }),
    ...(rules.audiences.length === 0 ? {} : { audience: [...rules.audiences] }),
    ...(rules.expRequired ? { requiredClaims: ['exp'] } : {}),
  }
  try {
    // jose is told the one algorithm of the key that the kid names, as its documentation advises.
    await jwtVerify(
      token,
      (header) => {
        const kid: unknown = header.kid ?? ('kid' in header ? null : '')
        const key = typeof kid === 'string' ? joseKeys.get(kid) : undefined
        const alg = signers.find((signer) => (signer.kid ?? '') === kid)?.alg
        if (key === undefined || alg !== header.alg) throw new errors.JWKSNoMatchingKey()
        return key
      },
      options,
    )
    return undefined
  } catch (error) {
    return error
  }
}

function headerText(token: string): string {
  return Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')
}

function payloadText(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
}

function hasDuplicateName(token: string): boolean {
  return [headerText(token), payloadText(token)].some((text) => {
    const names = [...text.matchAll(/"([a-z0-9_]+)":/g)].map(([, name]) => name)
    return new Set(names).size < names.length
  })
}

function isPlainUtf8(token: string): boolean {
  return token
    .split('.')
    .slice(0, 2)
    .every((part) => {
      const bytes = Buffer.from(part, 'base64url')
      const text = bytes.toString('utf8')
      return Buffer.from(text).equals(bytes) && !text.startsWith('\ufeff')
    })
}
