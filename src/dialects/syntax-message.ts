import type { ErrorCode } from 'yaml'

export interface SyntaxMessage {
  readonly message: string
  readonly hint?: string
}

const INDENT = 'all lines of one level start in the same column; use spaces'

/**
 * The parser's errors in plain words. Its own messages quote the text that they are about, which may be a private
 * key with a line break in the wrong place: they are never shown.
 */
const MESSAGES: Readonly<Record<ErrorCode, SyntaxMessage>> = {
  ALIAS_PROPS: { message: 'an alias can have neither an anchor nor a tag' },
  BAD_ALIAS: {
    message: 'an alias or anchor without a proper name',
    hint: 'put a value that starts with `*` or `&` in quotes',
  },
  BAD_COLLECTION_TYPE: { message: 'a tag that does not fit its value' },
  BAD_DIRECTIVE: { message: 'a line that starts with `%` and is no YAML directive' },
  BAD_DQ_ESCAPE: {
    message: 'a backslash escape that a double-quoted text does not have',
    hint: 'write `\\\\`, or use single quotes',
  },
  BAD_INDENT: { message: 'the indentation does not fit the lines above', hint: INDENT },
  BAD_PROP_ORDER: { message: 'an anchor or tag in the wrong place' },
  BAD_SCALAR_START: { message: 'a text that starts with a reserved character', hint: 'put it in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second `: ` in one line',
    hint: 'put a value that holds `: ` in quotes',
  },
  BLOCK_IN_FLOW: {
    message: 'an indented block inside of brackets',
    hint: 'close the brackets, or write the items with commas',
  },
  DUPLICATE_KEY: { message: 'this name stands twice at one level', hint: 'keep one of the two' },
  IMPOSSIBLE: { message: 'the text is not YAML or JSON' },
  KEY_OVER_1024_CHARS: {
    message: 'a name of more than 1024 characters',
    hint: 'is a `:` missing in an earlier line?',
  },
  MISSING_CHAR: {
    message: 'a quote, bracket, comma or colon is missing',
    hint: 'look at this line and the ones before',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a name that runs over several lines',
    hint: 'is a `:` or a closing quote missing?',
  },
  MULTIPLE_ANCHORS: { message: 'a value with two anchors' },
  MULTIPLE_DOCS: { message: 'a second document where one is expected' },
  MULTIPLE_TAGS: { message: 'a value with two tags' },
  NON_STRING_KEY: { message: 'a name that is not text', hint: 'put it in quotes' },
  RESOURCE_EXHAUSTION: { message: 'the file nests too deep' },
  TAB_AS_INDENT: { message: 'a tab in the indentation', hint: INDENT },
  TAG_RESOLVE_FAILED: { message: 'a tag that does not fit its value' },
  UNEXPECTED_TOKEN: {
    message: 'text where none can stand',
    hint: 'look for a missing quote, bracket or indentation before it',
  },
}

/** What to tell a person of one syntax error. */
export function syntaxMessage(code: ErrorCode): SyntaxMessage {
  return MESSAGES[code]
}
