/**
 * The same text by itself: a slice keeps all that it was cut from alive, such as the whole head of a request. What has
 * letters beyond latin1 comes out as another text.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
