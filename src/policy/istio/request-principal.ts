import type { TokenFacts } from './facts.ts'

/** Whether `iss` and `sub` of a verified token are what one value of `requestPrincipals` asks for. */
type PrincipalMatch = (issuer: string, subject: string) => boolean

/**
 * The values of `requestPrincipals`, joined by OR. A value is no text to compare `iss/sub` with: it is split at its last
 * `/`, and the two halves are matched one by one. A token without a text `iss` or `sub` matches nothing.
 */
export function matchRequestPrincipal(values: readonly string[]): (token: TokenFacts | undefined) => boolean {
  const matches = values.map((value) => matchValue(value))
  return (token) => {
    const issuer = token?.claims['iss']
    const subject = token?.claims['sub']
    if (typeof issuer !== 'string' || typeof subject !== 'string') return false
    return matches.some((match) => match(issuer, subject))
  }
}

function matchValue(value: string): PrincipalMatch {
  if (value === '*') return (issuer, subject) => issuer !== '' && subject !== ''
  const slash = value.lastIndexOf('/')
  if (slash === -1) return matchWithoutSlash(value)
  const issuerPart = value.slice(0, slash)
  const subjectPart = value.slice(slash + 1)
  // A `*` in front is that of the issuer, and then one at the end is a character of the subject.
  if (value.startsWith('*')) {
    const end = issuerPart.slice(1)
    return (issuer, subject) => issuer !== '' && issuer.endsWith(end) && subject === subjectPart
  }
  if (!value.endsWith('*')) return (issuer, subject) => issuer === issuerPart && subject === subjectPart
  const start = subjectPart.slice(0, -1)
  return (issuer, subject) => issuer === issuerPart && subject !== '' && subject.startsWith(start)
}

function matchWithoutSlash(value: string): PrincipalMatch {
  if (value.startsWith('*')) {
    const end = value.slice(1)
    return (issuer, subject) => issuer !== '' && subject.endsWith(end)
  }
  if (value.endsWith('*')) {
    const start = value.slice(0, -1)
    return (issuer, subject) => issuer.startsWith(start) && subject !== ''
  }
  return (issuer, subject) => issuer === value && subject === ''
}
