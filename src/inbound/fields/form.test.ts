import assert from 'node:assert/strict'
import { test } from 'node:test'
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
