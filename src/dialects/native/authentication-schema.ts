import { z } from 'zod'
import { keySourceSchema } from './key-source-schema.ts'
import { duration, MINUTE_MS } from './quantity.ts'
import { exactlyOne, oneOrMore, section } from './section.ts'

const text = z.string().min(1)

export const tokenLocationSchema = section({
  header: text.optional().describe('Name of a header field.'),
  prefix: z
    .string()
    .optional()
    .describe(
      'What stands before the token in the header, followed by one space. `Bearer` for `Authorization`, otherwise nothing.',
    ),
  cookie: text.optional().describe('Name of a cookie.'),
  query: text.optional().describe('Name of a query parameter.'),
  form: text.optional().describe('Name of a form parameter in the body of a POST.'),
}).check(exactlyOne(['header', 'cookie', 'query', 'form']))

export const claimMappingSchema = section({
  claim: oneOrMore(text).describe(
    'Name of a claim, dots and slashes being part of the name; a list of names for a claim inside of claims.',
  ),
  header: text.optional().describe('Forwards it as this header field.'),
  query: text.optional().describe('Forwards it as this query parameter.'),
  form: text.optional().describe('Forwards it as this form parameter, in a body that is a form.'),
  cookie: text.optional().describe('Forwards it as this cookie.'),
}).check(exactlyOne(['header', 'query', 'form', 'cookie']))

export const authenticationSchema = section({
  issuer: text
    .optional()
    .describe('What `iss` must be, to the letter. Without it, any issuer that the keys sign for.'),
  subject: text.optional().describe('What `sub` must be. Without it, any subject.'),
  audiences: oneOrMore(text)
    .optional()
    .describe(
      '`aud` must hold one of these. Without it, tokens that were made for another service are let in too.',
    ),
  keys: oneOrMore(keySourceSchema).describe(
    'Where the public keys are, or a list of such places, whose keys are all good.',
  ),
  tokenFrom: oneOrMore(tokenLocationSchema)
    // RFC 6750 §2.1
    .prefault([{ header: 'Authorization', prefix: 'Bearer' }])
    .describe('Where to look for the token, in this order. The first token found is the one verified.'),
  forward: z
    .array(claimMappingSchema)
    .prefault([])
    .describe('Claims to hand to the backend. What a client sends under these names is always removed.'),
  // The backend gets the claims; a token that it does not need cannot leak there.
  keepToken: z.boolean().default(false).describe('Whether the backend gets the token too.'),
  // Clocks of servers that nobody looks after are a few seconds off, rarely a minute (RFC 7519 §4.1.4).
  clockSkew: duration({ maxMs: 10 * MINUTE_MS, zero: true })
    .prefault('60s')
    .describe('How far the clocks of issuer and gateway may be apart, in whole seconds.'),
  // A token that never expires is a password that nobody can change.
  requireExp: z.boolean().default(true).describe('Whether a token without `exp` is refused.'),
})
