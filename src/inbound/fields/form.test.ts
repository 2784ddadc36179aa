import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spellingOf } from '../../policy/index.ts'
import { formType, parseForm, type Form } from './form.ts'

function outcome(...contentTypes: string[]): string {
  return outcomeOf(contentTypes.flatMap((value) => ['Content-Type', value]))
}

function outcomeOf(headers: readonly string[]): string {
  const result = formType(headers)
  if (!result.ok) {
    assert.equal(result.error.code, 'GW_REQUEST_FORM')
    return result.error.reason
  }
  return result.value === undefined ? 'no form' : result.value.kind
}

function open(contentType: string, body: string): Form {
  const type = formType(['content-type', contentType])
  assert.ok(type.ok && type.value !== undefined)
  const form = parseForm(type.value, Buffer.from(body))
  assert.ok(form.ok)
  return form.value
}

test('the two kinds of form are known by their Content-Type', () => {
  for (const type of [
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-URLEncoded; charset=UTF-8',
    'application/x-www-form-urlencoded;charset="utf-8";',
    'application/x-www-form-urlencoded; charset=ISO-8859-1',
  ]) {
    assert.equal(outcome(type), 'urlencoded', type)
  }
  for (const type of [
    'multipart/form-data; boundary=x',
    'Multipart/Form-Data;Boundary="a:b/c"; charset=utf-8',
  ]) {
    assert.equal(outcome(type), 'multipart', type)
  }
})

test('other bodies are no forms', () => {
  for (const type of [
    'application/json',
    'text/plain',
    '',
    'application/x-www-form',
    'text/html; charset=utf-16',
  ]) {
    assert.equal(outcome(type), 'no form', type)
  }
  assert.equal(outcomeOf([]), 'no form')
  assert.equal(outcomeOf(['Content-Type', 'application/json', 'Content-Encoding', 'gzip']), 'no form')
})

test('a Content-Type that only some servers take for a form is refused', () => {
  for (const type of [
    'application/x-www-form-urlencoded, text/plain',
    'text/plain, application/x-www-form-urlencoded',
    'x/y; a=application/x-www-form-urlencoded; a=1',
    'text/x-www-form-urlencoded',
    'application/x-www-form-urlencoded x',
    'multipart/mixed; boundary=x',
    'multipart/form-data; boundary=x; boundary=y',
    'multipart/form-data; boundary=x; Boundary="y"',
    'multipart/form-data; boundary="x\\y"',
    'multipart/form-data; boundary=x, y',
    'multipart/form-data; boundary*=x; boundary=y',
    'multipart/form-data; boundary = x',
    'application/x-www-form-urlencoded; boundary=x',
  ]) {
    assert.equal(outcome(type), 'form-content-type', type)
  }
  assert.equal(outcome('application/json', 'application/x-www-form-urlencoded'), 'form-content-type')
  assert.equal(
    outcome('application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'),
    'form-content-type',
  )
})

test('a body without a type is refused, since some servers read it as a form', () => {
  for (const framing of [
    ['Content-Length', '5'],
    ['content-length', '0x'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '0', 'Content-Length', '5'],
  ]) {
    assert.equal(outcomeOf(framing), 'form-content-type', framing.join())
    for (const type of ['', ' ', '\t', '; charset=utf-8', ' ,text/plain'])
      assert.equal(outcomeOf([...framing, 'Content-Type', type]), 'form-content-type', type)
    assert.equal(outcomeOf([...framing, 'Content-Type', 'application/json']), 'no form')
    assert.equal(
      outcomeOf([...framing, 'Content-Type', 'application/json', 'Content-Type', '']),
      'form-content-type',
    )
  }
  for (const length of ['0', ' 00 ']) assert.equal(outcomeOf(['Content-Length', length]), 'no form')
  const refusal = formType(['Content-Length', '5'])
  assert.ok(!refusal.ok && refusal.error.detail?.includes('no Content-Type'))
})

test('another spelling of Content-Type or Content-Encoding is refused', () => {
  for (const name of ['Content_Type', 'content.type', 'CONTENT_TYPE']) {
    assert.equal(outcomeOf([name, 'text/plain']), 'form-content-type', name)
    assert.equal(outcomeOf(['Content-Type', 'application/json', name, 'x']), 'form-content-type', name)
  }
  const form = ['Content-Type', 'application/x-www-form-urlencoded']
  assert.equal(outcomeOf([...form, 'Content_Encoding', 'gzip']), 'form-content-encoding')
  assert.equal(
    outcomeOf(['CONTENT-TYPE', 'text/plain', 'X-Content-Type', 'x', 'Content-Typ', 'x']),
    'no form',
  )
})

test('a charset that would hide names is refused', () => {
  for (const charset of ['utf-7', 'utf-16', 'ibm037', '""', 'shift_jis']) {
    assert.equal(outcome(`application/x-www-form-urlencoded; charset=${charset}`), 'form-charset', charset)
    assert.equal(outcome(`multipart/form-data; boundary=x; charset=${charset}`), 'form-charset', charset)
  }
})

test('a boundary that RFC 2046 does not know is refused', () => {
  for (const parameters of [
    '',
    '; charset=utf-8',
    '; boundary=',
    '; boundary=""',
    '; boundary="a b"',
    '; boundary="é"',
    '; boundary=a%b',
    `; boundary=${'a'.repeat(71)}`,
  ]) {
    assert.equal(
      outcome(`multipart/form-data${parameters}`),
      parameters === '; boundary=' ? 'form-content-type' : 'form-boundary',
      parameters,
    )
  }
  assert.equal(outcome(`multipart/form-data; boundary=${'a'.repeat(70)}`), 'multipart')
})

test('a compressed form is refused', () => {
  const form = ['Content-Type', 'application/x-www-form-urlencoded']
  for (const coding of ['gzip', 'br', 'identity, gzip', 'x', '']) {
    assert.equal(outcomeOf([...form, 'content-encoding', coding]), 'form-content-encoding', coding)
  }
  assert.equal(outcomeOf([...form, 'Content-Encoding', 'Identity']), 'urlencoded')
})

test('an urlencoded form is read and rewritten without touching its other bytes', () => {
  const form = open('application/x-www-form-urlencoded', 'a=%41+é&token=x&b')
  assert.deepEqual(form.values('token'), ['x'])
  assert.deepEqual(form.values('a'), ['A é'])
  const rest = form.remove((name) => name === 'token')
  assert.equal(rest.bytes.toString(), 'a=%41+é&b')
  assert.equal(rest.append(['uid', 'é']).bytes.toString(), 'a=%41+é&b&uid=%C3%A9')
  assert.equal(
    form.remove(() => false),
    form,
  )
  assert.equal(form.contentType, 'application/x-www-form-urlencoded')
  const binary = Buffer.from([0x61, 0xff, 0x00, 0x3d, 0x80])
  const type = { kind: 'urlencoded', contentType: '' } as const
  const kept = parseForm(type, binary)
  assert.ok(kept.ok && kept.value.bytes.equals(binary))
})

function outcomeOfBody(body: string): string {
  const form = parseForm({ kind: 'urlencoded', contentType: '' }, Buffer.from(body))
  return form.ok ? 'form' : `${form.error.code} ${form.error.reason}`
}

test('a form of more fields than any page has is refused, those behind `;` counted', () => {
  const tooMany = 'GW_REQUEST_FORM form-too-many-fields'
  assert.equal(outcomeOfBody(Array(10_000).fill('a=1').join('&')), 'form')
  assert.equal(outcomeOfBody(Array(10_001).fill('a=1').join('&')), tooMany)
  assert.equal(outcomeOfBody(Array(10_001).fill('a').join(';')), tooMany)
  assert.equal(outcomeOfBody(`${'&'.repeat(5000)}${';'.repeat(5000)}`), tooMany)
  assert.equal(outcomeOfBody(Array(1000).fill('a[]=1').join('&')), 'form')
  assert.equal(outcomeOfBody(Array(1001).fill('a[]=1').join('&')), tooMany)
  assert.equal(outcomeOfBody(Array(1001).fill('a[]=1').join(';')), tooMany)
  assert.equal(outcomeOfBody(`a=${'[%41]'.repeat(200_000)}`), 'form', 'values cost nothing')
})

test('no body of a mebibyte holds the others up', () => {
  const pairsOf = (count: number, unit: string): string[] => {
    const chars = Math.floor(2 ** 20 / count) - 1
    return Array<string>(count).fill(unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars))
  }
  const drop = (name: string): boolean => name === 'token' || spellingOf(name) === 'uid'
  const slowest = { ms: 0, body: '' }
  for (const unit of [
    '%5b;',
    '%u0061[=&',
    '&',
    'a',
    'A_',
    '[',
    '%41[',
    '%u0061[',
    '%ff',
    '%EF%B7%BA[',
    '?',
    ' a',
  ]) {
    for (const count of [1, 100, 1000, 10_000]) {
      const body = Buffer.from(pairsOf(count, unit).join('&'))
      const times = [1, 2, 3].map(() => {
        const started = performance.now()
        const form = parseForm({ kind: 'urlencoded', contentType: '' }, body)
        if (form.ok) {
          form.value.values('token')
          form.value.remove(drop)
        }
        return performance.now() - started
      })
      const ms = Math.min(...times)
      if (ms > slowest.ms) Object.assign(slowest, { ms, body: `${unit} in ${count}` })
    }
  }
  // Some 30 ms on a slow core; what this guards against took 240.
  assert.ok(slowest.ms < 120, `${slowest.body}: ${slowest.ms} ms`)
})

test('a malformed multipart body is refused with a reason', () => {
  const form = parseForm({ kind: 'multipart', contentType: '', boundary: 'x' }, Buffer.from('nonsense'))
  assert.ok(!form.ok)
  assert.deepEqual([form.error.code, form.error.reason], ['GW_REQUEST_FORM', 'multipart-preamble'])
})

test('a hostile Content-Type takes linear time', () => {
  const started = performance.now()
  for (const unit of [';', '; ', ' ', '\t;', ';a', ';a=', ';a=b', '"', 'a', '; a="', ',']) {
    outcome(`multipart/form-data${unit.repeat(100_000)}`)
    outcome(`${unit.repeat(100_000)}multipart/form-data`)
  }
  assert.ok(performance.now() - started < 2000)
})
