import type { Advisor } from './case.ts'

/** Something odd about the text of a token, and what it usually comes from. */
interface Oddity {
  readonly fits: (text: string) => boolean
  readonly advice: string
}

const parts = (text: string): number => text.split('.', 7).length

/** The first that fits is said. */
const ODDITIES: readonly Oddity[] = [
  {
    fits: (text) => /^["'].{0,20000}["']$/s.test(text) || /^["']|["']$/.test(text),
    advice: 'the token stands in quotes: leave them out',
  },
  {
    fits: (text) => /^\$|^%\w+%$|\{\{/.test(text),
    advice:
      'a variable stands where the token should be: a shell fills `$TOKEN` in between double quotes, not between single ones',
  },
  {
    fits: (text) => /^<|>$|\.\.\.$|…|^\*+$/.test(utf8(text)),
    advice: 'a placeholder stands where the token should be',
  },
  {
    fits: (text) => /^(?:Bearer|JWT|Token)[\s:]/i.test(text),
    advice: 'the prefix stands there twice: some tools add `Bearer` by themselves',
  },
  {
    fits: (text) => /^(?:null|undefined|None|\[object Object\])$/.test(text),
    advice: 'the client sent the name of an empty value: it had no token when it made the request',
  },
  {
    fits: (text) => /^[ \t]/.test(text),
    advice: 'more than one space stands before the token: leave one',
  },
  {
    fits: (text) => /\s|\\[nr]/.test(text),
    advice: 'the token is broken by white space: copy it as one line',
  },
  {
    fits: (text) => /%(?:2[BDEFbdef]|3[Dd]|20)/.test(text),
    advice: 'the token is percent-encoded: send it as the issuer gave it',
  },
  {
    fits: (text) => parts(text) === 5,
    advice:
      'five parts are an encrypted token (JWE), which only its addressee can read: ask the issuer for signed tokens (JWS)',
  },
  {
    fits: (text) => parts(text) === 2 && text.startsWith('eyJ'),
    advice: 'the third part, the signature, is missing: the token was cut off when it was copied',
  },
  {
    fits: (text) => parts(text) === 1 && text.startsWith('eyJ'),
    advice: 'only the first part of the token is there: it was cut off when it was copied',
  },
  {
    fits: (text) => parts(text) === 1,
    advice:
      'without dots this is an opaque token, which its issuer alone can look up: ask the issuer for a JWT; many give one only where the client names an audience or a resource',
  },
  {
    fits: (text) => parts(text) !== 3,
    advice: 'a signed token has three parts with two dots between',
  },
  {
    fits: (text) => /[+/=]/.test(text),
    advice:
      'the token is in plain base64: a JWT has `-` for `+`, `_` for `/`, and no `=` at the end (RFC 7515 §2)',
  },
  {
    fits: (text) => /[^\w.-]/.test(text),
    advice: 'the token holds characters that no token has: copy it anew',
  },
]

/** For a token that could not be read. */
export const adviseShape: Advisor = ({ token, plan, explanation }) => {
  if (token === undefined) return []
  const { maxTokenBytes } = plan.tokenLimits
  if (token.text.length > maxTokenBytes) {
    return [
      `the token has ${token.text.length} bytes and the limit is ${maxTokenBytes}: raise \`limits.maxTokenBytes\`, and \`limits.maxHeadBytes\` with it, or ask the issuer for fewer claims`,
    ]
  }
  const oddity = ODDITIES.find(({ fits }) => fits(token.text))
  if (oddity !== undefined) return [oddity.advice]
  return explanation.reason === 'signature-base64'
    ? ['the end of the token is damaged: it was cut off or changed when it was copied']
    : ['the token is damaged, or is no JWT: copy it anew from the issuer']
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}
