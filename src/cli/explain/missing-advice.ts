import type { Advisor } from './case.ts'
import { holdsToken, howToSend, placeOf, strayTokens } from './located-text.ts'

/** Nothing stands where the token is looked for: perhaps it stands elsewhere. */
export const adviseMissing: Advisor = ({ request, body, locations }) => {
  const ways = [...new Set(locations.map(howToSend))].slice(0, 4)
  const strays = strayTokens(request, body).map(({ location }) => placeOf(location))
  const wantsForm = locations.some((location) => location.in === 'form')
  const advice =
    strays.length === 0
      ? [`send the token as ${ways.join(', or as ')}`]
      : [
          `a token stands in ${strays[0] ?? ''}, where none is looked for: send it as ${ways.join(', or as ')}`,
        ]
  if (wantsForm && body === undefined)
    advice.push('a form field is read from a body of `Content-Type: application/x-www-form-urlencoded`')
  return advice
}

/** The header does not begin with the configured prefix and its one space. */
export const advisePrefix: Advisor = ({ token, authentications }) => {
  if (token?.location.in !== 'header') return []
  const { prefix } = token.location
  const word = prefix.trimEnd()
  const { whole } = token
  const origin = authentications[0]?.spec.origin
  const where = origin === undefined ? '' : ` (${origin.file}:${origin.line})`
  if (whole.toLowerCase().startsWith(prefix.toLowerCase()))
    return [`the prefix is there in another case: write \`${word}\`, as case counts`]
  if (whole.toLowerCase().startsWith(word.toLowerCase()))
    return [`one space, and nothing else, stands between \`${word}\` and the token`]
  if (holdsToken(whole) && whole.startsWith('eyJ'))
    return [`write \`${word}\` and one space before the token, or configure no prefix${where}`]
  const scheme = /^([A-Za-z][A-Za-z-]{0,19}) /.exec(whole)?.[1]
  if (scheme?.toLowerCase() === 'basic')
    return ['the header carries a user name and password (Basic), and no token']
  const expected = `the header must begin with \`${word}\` and one space${where}`
  return [scheme === undefined ? expected : `the header begins with \`${scheme}\`: ${expected}`]
}

/** Two different tokens in one place. */
export const adviseSeveral: Advisor = ({ texts, locations }) => {
  const twice = locations.find(
    (location) =>
      new Set(texts.filter((text) => text.location === location).map(({ text }) => text)).size > 1,
  )
  const where = twice === undefined ? 'one place' : placeOf(twice)
  return [`send ${where} once: whoever adds the second one may be a proxy, or a cookie of another path`]
}
