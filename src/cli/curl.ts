import { err, ok, type Result } from '../kernel/result.ts'
import { FIELD_OPTIONS, IGNORED_WITH_VALUE, isFlag, SAME_AS, separateOptions } from './curl-options.ts'
import { shellWords } from './shell-words.ts'
import type { Complaint } from './terminal.ts'

/** The request that a curl command would send, as far as a gateway looks at it. */
export interface CurlRequest {
  readonly method: string
  readonly url: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer | undefined
}

/**
 * Reads a pasted curl command, such as browsers' "Copy as cURL" gives: quotes, `\`-continued lines, and the options that
 * shape a request (-X, -H, -d and its kin, -F, -b, -A, -e, -u, -I, -G, --json, --url). What it does not know it refuses
 * rather than guesses.
 */
export function parseCurl(command: string): Result<CurlRequest, Complaint> {
  const foreign = otherLanguage(command)
  if (foreign !== undefined) {
    return err({
      message: `this is ${foreign}, not a curl command of a POSIX shell`,
      hint: 'in the browser, choose "Copy as cURL (bash)", or "Copy as cURL" on macOS and Linux',
    })
  }
  const words = shellWords(command)
  if (!words.ok) return words
  const [program, ...rest] = words.value[0] === '$' ? words.value.slice(1) : words.value
  if (program === undefined || !/(?:^|[/\\])curl(?:\.exe)?$/.test(program)) {
    return err({ message: 'the command does not begin with `curl`' })
  }
  const request = new CurlReader().read(rest)
  return typeof request === 'string' ? err({ message: request }) : ok(request)
}

/** Other things that "Copy as …" menus give. */
function otherLanguage(command: string): string | undefined {
  if (/\^[ \t]*\r?\n/.test(command) || /\s\^"/.test(command)) return 'a command for the Windows prompt'
  if (/\bInvoke-(?:WebRequest|RestMethod)\b/.test(command) || /`[ \t]*\r?\n/.test(command))
    return 'a command for PowerShell'
  if (/^\s*(?:await\s+)?fetch\s*\(/.test(command)) return 'JavaScript'
  return undefined
}

/** Methods answer with what is wrong, if anything. */
class CurlReader {
  #method: string | undefined
  #url: string | undefined
  readonly #headers: string[] = []
  readonly #removed = new Set<string>()
  readonly #cookies: string[] = []
  readonly #data: string[] = []
  readonly #parts: string[] = []
  #head = false
  #dataInQuery = false
  #json = false

  read(words: readonly string[]): CurlRequest | string {
    const queue = separateOptions(words)
    for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
      const problem = word.startsWith('-') && word !== '-' ? this.#option(word, queue) : this.#address(word)
      if (problem !== undefined) return problem
    }
    return this.#finish()
  }

  #address(word: string): string | undefined {
    if (this.#url !== undefined)
      return `two addresses, \`${withoutQuery(this.#url)}\` and \`${withoutQuery(word)}\`; paste one request`
    this.#url = word
    return undefined
  }

  #option(name: string, queue: string[]): string | undefined {
    if (name === '-I' || name === '--head') this.#head = true
    else if (name === '-G' || name === '--get') this.#dataInQuery = true
    else if (!isFlag(name)) {
      const value = queue.shift()
      return value === undefined ? `\`${name}\` lacks its value` : this.#valued(name, value)
    }
    return undefined
  }

  #valued(name: string, value: string): string | undefined {
    if (IGNORED_WITH_VALUE.has(name)) return undefined
    const field = FIELD_OPTIONS[name]
    if (field !== undefined) return this.#add(field, value)
    switch (SAME_AS[name] ?? name) {
      case '--request':
        this.#method = value
        return undefined
      case '--header':
        return this.#header(value)
      case '--url':
        return this.#address(value)
      case '--json':
        this.#json = true
        return this.#body(value)
      case '--data':
        return this.#body(value)
      case '--data-raw':
        this.#data.push(value)
        return undefined
      case '--data-urlencode':
        return this.#encoded(value)
      case '--form':
        return this.#part(value)
      case '--cookie':
        return this.#cookie(value)
      case '--user':
        return this.#add('Authorization', `Basic ${Buffer.from(value).toString('base64')}`)
      case '--oauth2-bearer':
        return this.#add('Authorization', `Bearer ${value}`)
      default:
        return `\`${shortened(name)}\` is an option that is not read here; leave it out if it does not matter to the request`
    }
  }

  #add(name: string, value: string): undefined {
    this.#headers.push(name, value)
  }

  #cookie(value: string): string | undefined {
    if (!value.includes('=')) return 'a cookie file cannot be read here; write the cookies as name=value'
    this.#cookies.push(value)
    return undefined
  }

  /** `Name;` is a field without a value, `Name:` one that curl is not to send. */
  #header(line: string): string | undefined {
    if (line.startsWith('@')) return 'fields from a file cannot be read here; write them out'
    const colon = line.indexOf(':')
    if (colon < 0 && /^[^\s;]+;$/.test(line)) return this.#add(line.slice(0, -1), '')
    if (colon < 1) return 'a -H without `name: value`'
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (value !== '') return this.#add(name, value)
    this.#removed.add(name.toLowerCase())
    return undefined
  }

  #body(value: string): string | undefined {
    if (value.startsWith('@')) return 'a body from a file cannot be read here; write it out with --data-raw'
    this.#data.push(value)
    return undefined
  }

  /** `name=value` and `=value` are encoded behind the `=`; `@` and `name@` name a file. */
  #encoded(value: string): string | undefined {
    const [, name, separator, rest] = /^([^=@]*)([=@])(.*)$/s.exec(value) ?? []
    if (separator === '@') return 'a body from a file cannot be read here; write it out'
    this.#data.push(
      name === undefined || name === ''
        ? encodeURIComponent(rest ?? value)
        : `${name}=${encodeURIComponent(rest ?? '')}`,
    )
    return undefined
  }

  #part(value: string): string | undefined {
    const equals = value.indexOf('=')
    if (equals < 1) return 'a -F without `name=value`'
    if (/^[@<]/.test(value.slice(equals + 1)))
      return 'a form field from a file cannot be read here; write a text for it'
    this.#parts.push(value.slice(0, equals), value.slice(equals + 1))
    return undefined
  }

  #finish(): CurlRequest | string {
    if (this.#url === undefined) return 'the command has no address'
    const url =
      this.#dataInQuery && this.#data.length > 0 ? withQuery(this.#url, this.#data.join('&')) : this.#url
    const body = this.#dataInQuery ? undefined : this.#bodyBytes()
    // As in curl, a Cookie field that is written out stands alone.
    if (this.#cookies.length > 0) this.#default('Cookie', this.#cookies.join('; '))
    const method = this.#method ?? (this.#head ? 'HEAD' : body === undefined ? 'GET' : 'POST')
    return { method, url, headers: this.#headers, body }
  }

  #bodyBytes(): Buffer | undefined {
    if (this.#parts.length > 0) {
      const boundary = '------------------------claimgate'
      this.#default('Content-Type', `multipart/form-data; boundary=${boundary}`)
      return Buffer.from(multipart(this.#parts, boundary))
    }
    if (this.#data.length === 0) return undefined
    if (this.#json) this.#default('Accept', 'application/json')
    this.#default('Content-Type', this.#json ? 'application/json' : 'application/x-www-form-urlencoded')
    return Buffer.from(this.#data.join(this.#json ? '' : '&'))
  }

  #default(name: string, value: string): void {
    const lower = name.toLowerCase()
    const written = this.#headers.some((each, index) => index % 2 === 0 && each.toLowerCase() === lower)
    if (!written && !this.#removed.has(lower)) this.#add(name, value)
  }
}

function multipart(parts: readonly string[], boundary: string): string {
  let text = ''
  for (let i = 0; i < parts.length; i += 2) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${parts[i] ?? ''}"\r\n\r\n${parts[i + 1] ?? ''}\r\n`
  }
  return `${text}--${boundary}--\r\n`
}

function withQuery(url: string, query: string): string {
  const [base = '', fragment] = url.split('#', 2)
  const whole = `${base}${base.includes('?') ? '&' : '?'}${query}`
  return fragment === undefined ? whole : `${whole}#${fragment}`
}

/** A query may hold a token. */
function withoutQuery(url: string): string {
  return shortened(url.split('?', 1)[0] ?? '')
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
