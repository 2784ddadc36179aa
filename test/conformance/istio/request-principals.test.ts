import { ruleTable, withClaims, type MatchCase } from '../../support/mesh.ts'

const ISS = 'https://issuer.example'

const sub = (subject: string | undefined, matches: boolean): MatchCase => [
  `sub ${subject ?? 'missing'}`,
  withClaims({ sub: subject }),
  matches,
]
const NOBODY: MatchCase = ['no token', {}, false]

const rule = (value: string): string => `from: [{ source: { requestPrincipals: ['${value}'] } }]`

ruleTable('`*` is anybody with an issuer and a subject', rule('*'), [
  sub('a', true),
  sub('', false),
  sub(undefined, false),
  NOBODY,
])

ruleTable('issuer and subject', rule(`${ISS}/a`), [sub('a', true), sub('b', false), NOBODY])
ruleTable('every subject of an issuer', rule(`${ISS}/*`), [sub('a', true), sub('', false), NOBODY])
ruleTable('a prefix of the subject', rule(`${ISS}/a*`), [sub('ab', true), sub('a', true), sub('b', false)])
ruleTable('a subject of any issuer', rule('*/a'), [sub('a', true), sub('b', false)])
ruleTable('a suffix of the issuer', rule('*issuer.example/a'), [sub('a', true), sub('b', false)])
ruleTable('without a slash, a suffix of the subject', rule('*@b'), [sub('a@b', true), sub('a@c', false)])
ruleTable('without a slash, a prefix of the issuer', rule('https:*'), [sub('a', true), sub('', false)])
ruleTable('without a slash and a star, an empty subject', rule('issuer'), [sub('a', false), sub('', false)])
ruleTable('`*/*` is the subject `*`', rule('*/*'), [sub('*', true), sub('a', false)])
ruleTable('a bare URL is split at its last slash', rule(ISS), [sub('issuer.example', false), sub('a', false)])
ruleTable('so is one with a star', rule('https://*'), [sub('a', false)])
ruleTable('a subject with a slash is for wildcards alone', rule(`${ISS}/a/b`), [sub('a/b', false)])
ruleTable('and they reach it', rule('*/b'), [sub('b', true), sub('a/b', false)])

ruleTable(
  'notRequestPrincipals hold without a token',
  "from: [{ source: { notRequestPrincipals: ['*'] } }]",
  [sub('a', false), sub('', true), sub(undefined, true), ['no token', {}, true]],
)

ruleTable('request.auth.principal', `when: [{ key: request.auth.principal, values: ['${ISS}/a'] }]`, [
  sub('a', true),
  sub('b', false),
  NOBODY,
])
