import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCurl, type CurlRequest } from './curl.ts'

function read(command: string): CurlRequest {
  const result = parseCurl(command)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function refused(command: string): string {
  const result = parseCurl(command)
  assert.ok(!result.ok, JSON.stringify(result))
  return result.error.message
}

describe('what browsers copy', () => {
  it('reads "Copy as cURL (bash)" of Chrome', () => {
    const request = read(String.raw`curl 'https://api.example.com/orders?b=1&c=2' \
  -X 'PUT' \
  -H 'accept: */*' \
  -H 'accept-language: en-GB,en;q=0.9' \
  -H 'authorization: Bearer a.b.c' \
  -b 'session=abc; other=1' \
  -H 'content-type: application/json' \
  -H 'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"' \
  --data-raw $'{"text":"it\'s \u0021"}' ;`)
    assert.equal(request.method, 'PUT')
    assert.equal(request.url, 'https://api.example.com/orders?b=1&c=2')
    assert.equal(request.body?.toString(), `{"text":"it's !"}`)
    assert.deepEqual(request.headers, [
      'accept',
      '*/*',
      'accept-language',
      'en-GB,en;q=0.9',
      'authorization',
      'Bearer a.b.c',
      'content-type',
      'application/json',
      'sec-ch-ua',
      '"Chromium";v="140", "Not=A?Brand";v="24"',
      'Cookie',
      'session=abc; other=1',
    ])
  })

  it('reads "Copy as cURL" of Firefox, and its POST', () => {
    const request = read(String.raw`curl 'http://127.0.0.1:8080/login' \
  --compressed \
  -X POST \
  -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  -H 'Cookie: jwt=a.b.c' \
  -H 'Priority: u=0, i' \
  --data-raw 'token=a.b.c&x=%21'`)
    assert.equal(request.method, 'POST')
    assert.equal(request.body?.toString(), 'token=a.b.c&x=%21')
    assert.deepEqual(request.headers.slice(4, 6), ['Cookie', 'jwt=a.b.c'])
  })

  it('reads "Copy as cURL" of Safari', () => {
    const request = read(String.raw`curl 'https://api.example.com/a' \
-X 'GET' \
-H 'Accept: text/html' \
-H 'Authorization: Bearer a.b.c' \
-H 'Priority: u=3, i'`)
    assert.equal(request.method, 'GET')
    assert.deepEqual(request.headers.slice(2, 4), ['Authorization', 'Bearer a.b.c'])
  })

  it('says what to choose where the Windows prompt, PowerShell or JavaScript was copied', () => {
    const cmd = 'curl ^"https://api.example.com/a^" ^\r\n  -H ^"accept: */*^"'
    const powershell = 'Invoke-WebRequest -UseBasicParsing -Uri "https://api.example.com/a" `\n-Headers @{}'
    const javascript = 'await fetch("https://api.example.com/a", { "method": "GET" });'
    for (const [command, name] of [
      [cmd, 'a command for the Windows prompt'],
      [powershell, 'a command for PowerShell'],
      [javascript, 'JavaScript'],
    ] as const) {
      const result = parseCurl(command)
      assert.ok(!result.ok)
      assert.equal(result.error.message, `this is ${name}, not a curl command of a POSIX shell`)
      assert.match(result.error.hint ?? '', /Copy as cURL \(bash\)/)
    }
  })
})

describe('what people write', () => {
  it('reads a prompt, a path to curl, and what becomes of the answer', () => {
    assert.equal(read('$ curl -sS http://a/b | jq .').url, 'http://a/b')
    assert.equal(read('/usr/bin/curl http://a/b > out 2>&1').url, 'http://a/b')
  })

  it('takes short options apart that stand together', () => {
    const request = read('curl -sSkXPOST -H"A: b" -iH C:d http://a')
    assert.equal(request.method, 'POST')
    assert.deepEqual(request.headers, ['A', 'b', 'C', 'd'])
  })

  it('takes long options with `=`', () => {
    assert.deepEqual(read('curl --request=DELETE --header="A: b=c" --url=http://a').headers, ['A', 'b=c'])
  })

  it('chooses the method as curl does', () => {
    assert.equal(read('curl http://a').method, 'GET')
    assert.equal(read('curl -I http://a').method, 'HEAD')
    assert.equal(read('curl -d a=1 http://a').method, 'POST')
    assert.equal(read('curl -d a=1 -X PATCH http://a').method, 'PATCH')
    assert.equal(read('curl -G -d a=1 http://a').method, 'GET')
  })

  it('joins data, encodes it where that is asked, and puts it into the query with -G', () => {
    assert.equal(read("curl -d a=1 --data-urlencode 'b=2 &3' http://a").body?.toString(), 'a=1&b=2%20%263')
    assert.equal(read('curl -G -d a=1 -d b=2 http://a/x?y=0').url, 'http://a/x?y=0&a=1&b=2')
  })

  it('gives data the content type that curl gives it', () => {
    const typeOf = (command: string): string | undefined => {
      const { headers } = read(command)
      const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type')
      return index === -1 ? undefined : headers[index + 1]
    }
    assert.equal(typeOf('curl -d a=1 http://a'), 'application/x-www-form-urlencoded')
    assert.equal(typeOf('curl -d a=1 -H "content-type: text/plain" http://a'), 'text/plain')
    assert.equal(typeOf("curl --json '{}' http://a"), 'application/json')
    assert.equal(typeOf('curl -d a=1 -H content-type: http://a'), undefined)
    assert.match(typeOf('curl -F a=1 http://a') ?? '', /^multipart\/form-data; boundary=/)
  })

  it('writes forms as multipart', () => {
    const { body, method } = read('curl -F token=a.b.c -F x=1 http://a')
    assert.equal(method, 'POST')
    assert.match(
      body?.toString() ?? '',
      /name="token"\r\n\r\na\.b\.c\r\n--.*name="x"\r\n\r\n1\r\n--.*--\r\n$/s,
    )
  })

  it('reads users, bearers, cookies, agents and empty fields', () => {
    assert.deepEqual(read('curl -u me:pw http://a').headers, ['Authorization', 'Basic bWU6cHc='])
    assert.deepEqual(read('curl --oauth2-bearer a.b.c http://a').headers, ['Authorization', 'Bearer a.b.c'])
    assert.deepEqual(read('curl -b a=1 -b b=2 http://a').headers, ['Cookie', 'a=1; b=2'])
    assert.deepEqual(read('curl -A me -e http://b http://a').headers, [
      'User-Agent',
      'me',
      'Referer',
      'http://b',
    ])
    assert.deepEqual(read("curl -H 'X-Empty;' -H 'Accept:' http://a").headers, ['X-Empty', ''])
  })

  it('leaves options out that change nothing of the request', () => {
    const command =
      'curl -o x -w "%{http_code}" --max-time 5 --http2 --tlsv1.2 --cacert ca.pem -x proxy:1 http://a'
    assert.deepEqual(read(command), { method: 'GET', url: 'http://a', headers: [], body: undefined })
  })

  it('refuses what it would have to guess', () => {
    assert.equal(refused('wget http://a'), 'the command does not begin with `curl`')
    assert.equal(refused(''), 'the command does not begin with `curl`')
    assert.equal(refused('curl'), 'the command has no address')
    assert.equal(
      refused('curl http://a http://b'),
      'two addresses, `http://a` and `http://b`; paste one request',
    )
    assert.equal(refused('curl http://a -H'), '`-H` lacks its value')
    assert.equal(refused('curl http://a -H nonsense'), 'a -H without `name: value`')
    assert.match(refused('curl http://a -d @file'), /body from a file/)
    assert.match(refused('curl http://a --data-urlencode x@file'), /body from a file/)
    assert.match(refused('curl http://a -F x=@file'), /form field from a file/)
    assert.match(refused('curl http://a -b jar.txt'), /cookie file/)
    assert.match(refused('curl http://a -H @file'), /fields from a file/)
    assert.match(refused('curl http://a --aws-sigv4 x'), /`--aws-sigv4` is an option that is not read here/)
    assert.equal(refused('curl http://a?b=1&c=2'), 'an unquoted `&` ends the command in a shell')
  })

  it('takes data with an @ as it is where it is raw', () => {
    assert.equal(read('curl --data-raw @x http://a').body?.toString(), '@x')
  })

  it('prints no value of a command in a complaint', () => {
    assert.equal(refused(`curl http://a -H ${'s3cret'.repeat(3)}`).includes('s3cret'), false)
  })
})
