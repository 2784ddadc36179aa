/** The form in which audiences are compared: a scheme in front and one `/` at the end make no difference. */
export function plainAudience(text: string): string {
  const bare = text.startsWith('https://') ? text.slice(8) : text.startsWith('http://') ? text.slice(7) : text
  return bare.endsWith('/') ? bare.slice(0, -1) : bare
}
