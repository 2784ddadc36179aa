/** Whether a character code is its own spelling: `a`–`z`, `0`–`9`, `-`. */
const STAYS = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-') STAYS[char.charCodeAt(0)] = 1

// oxlint-disable-next-line no-control-regex -- all of ASCII is what needs no folding
const ASCII = /^[\u0000-\u007f]*$/

/**
 * The one spelling under which the names of fields are compared when what a client sent is stripped: lower-case, with
 * `-` for everything that is no ASCII letter or digit. CGI, WSGI, PHP and their like hand `X-User`, `x_user` and
 * `X.User` on as one variable (CVE-2025-64484). Letters that Unicode folds to ASCII, such as `ｕ` and the Kelvin sign,
 * count as those.
 */
export function spellingOf(name: string): string {
  if (isSpelling(name)) return name
  const lower = name.toLowerCase()
  // `Content-Type` and its like, which is most of what comes, end here.
  if (isSpelling(lower)) return lower
  const folded = ASCII.test(lower) ? lower : name.normalize('NFKC').toLowerCase()
  return folded.replace(/[^a-z0-9]/g, '-')
}

function isSpelling(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code > 127 || STAYS[code] === 0) return false
  }
  return true
}
