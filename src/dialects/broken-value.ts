/**
 * Message and hint about a base64url value that came with line breaks or spaces in it, as when it is copied out of a
 * console or a document that wraps long lines. It is not joined in silence: what lost its line ends may have lost more.
 */
export function brokenValue(
  member: string,
  kid: string | undefined,
): readonly [message: string, hint: string] {
  const key =
    kid === undefined ? '' : ` in key \`${kid.length > MAX_SHOWN ? `${kid.slice(0, MAX_SHOWN)}…` : kid}\``
  return [
    `the value of \`${member}\`${key} is broken by line breaks or spaces`,
    'paste the value as one line, without line breaks or spaces',
  ]
}

/** A kid may be a thumbprint of 43 letters; its beginning is enough to find it. */
const MAX_SHOWN = 12
