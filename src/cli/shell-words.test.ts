import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { shellWords } from './shell-words.ts'

function words(text: string): string[] {
  const result = shellWords(text)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function complaint(text: string): string {
  const result = shellWords(text)
  assert.ok(!result.ok, JSON.stringify(result))
  return result.error.message
}

describe('shellWords', () => {
  it('parts words at white space and leaves empty quotes a word', () => {
    assert.deepEqual(words(` a  b\tc '' `), ['a', 'b', 'c', ''])
  })

  it('takes what stands in single quotes as it is', () => {
    assert.deepEqual(words(String.raw`'a "b" \n $HOME'`), [String.raw`a "b" \n $HOME`])
  })

  it('knows the four characters that a backslash protects in double quotes', () => {
    assert.deepEqual(words(String.raw`"a \"b\" \$c \\ \` \n"`), ['a "b" $c \\ ` \\n'])
  })

  it('joins pieces that touch', () => {
    assert.deepEqual(words(String.raw`a'b'"c"\d$'e'`), ['abcde'])
  })

  it('joins lines that end in a backslash, with either line end, and adds no word for it', () => {
    assert.deepEqual(words('a \\\n  b \\\r\n c'), ['a', 'b', 'c'])
    assert.deepEqual(words('a\\\nb'), ['ab'])
  })

  it("reads the escapes that browsers write in $'…'", () => {
    assert.deepEqual(words(String.raw`$'a\'b\u0021\x21\n\t\\\41\U0001F600'`), ["a'b!!\n\t\\!\u{1F600}"])
  })

  it('ends at a pipe, a redirection, a semicolon or `&&`, and drops the number of the stream', () => {
    for (const end of ['| jq .', '> out.txt', '; echo done', '&& echo done', '2>/dev/null', '2> x', '&'])
      assert.deepEqual(words(`curl http://a ${end}`), ['curl', 'http://a'], end)
  })

  it('leaves comments out, and only comments', () => {
    assert.deepEqual(words('# a comment\ncurl a#b # more'), ['curl', 'a#b'])
  })

  it('complains of an `&` that would cut an address in two', () => {
    assert.equal(complaint('curl http://a/?b=1&c=2'), 'an unquoted `&` ends the command in a shell')
  })

  it('complains of what a shell would fill in', () => {
    assert.equal(
      complaint('curl -H "Authorization: Bearer $TOKEN"'),
      'the value of `$TOKEN` is not known here',
    )
    assert.equal(complaint('curl ${URL}'), 'the value of `${URL}` is not known here')
    assert.equal(complaint('curl $(cat url)'), 'what a command prints is not known here')
    assert.equal(complaint('curl `cat url`'), 'what a command prints is not known here')
  })

  it('leaves a dollar that is no variable alone', () => {
    assert.deepEqual(words('$ curl a$ "b$ 1"'), ['$', 'curl', 'a$', 'b$ 1'])
  })

  it('complains of a quote without an end', () => {
    for (const text of ["'a", '"a', "$'a", '"a\\']) assert.equal(complaint(text), 'a quote has no end', text)
  })

  it('reads back whatever was quoted for a shell', () => {
    const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        assert.deepEqual(words(texts.map(quoted).join(' ')), texts)
      }),
    )
  })

  it('never throws', () => {
    const pieces = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      "$'",
      '`',
      '\n',
      ' ',
      '#',
      '&',
      '>',
      'a',
      '\\x',
      '\\u',
    )
    fc.assert(fc.property(fc.array(pieces), (text) => void shellWords(text.join(''))))
  })
})
