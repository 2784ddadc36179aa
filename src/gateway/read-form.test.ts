import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FormType } from '../inbound/fields/form.ts'
import { formOf } from './read-form.ts'

const URLENCODED: FormType = { kind: 'urlencoded', contentType: 'application/x-www-form-urlencoded' }
const MULTIPART: FormType = {
  kind: 'multipart',
  contentType: 'multipart/form-data; boundary=b',
  boundary: 'b',
}

function outcome(method: string, type: FormType, body: string, maxBytes = 1000): string {
  const form = formOf(method, type, Buffer.from(body), maxBytes)
  if (!form.ok) return `${form.error.code} ${form.error.reason}`
  return form.value === undefined ? 'none' : `form ${form.value.bytes.toString()}`
}

test('a body is the form that its head announced', () => {
  assert.equal(outcome('POST', URLENCODED, 'a=1&b'), 'form a=1&b')
  const body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--'
  assert.equal(outcome('POST', MULTIPART, body), `form ${body}`)
  assert.match(outcome('POST', MULTIPART, 'a=1'), /^GW_REQUEST_FORM multipart-/)
  assert.equal(outcome('GET', URLENCODED, 'a=1'), 'form a=1', 'some servers read it')
})

test('an empty body is a form to which claims can be added, where the method has forms', () => {
  for (const method of ['POST', 'PUT', 'PATCH']) assert.equal(outcome(method, URLENCODED, ''), 'form ')
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS'])
    assert.equal(outcome(method, URLENCODED, ''), 'none')
  assert.equal(outcome('POST', MULTIPART, ''), 'none')
})

test('a body past the limit is refused before it is parsed', () => {
  assert.equal(outcome('POST', URLENCODED, 'a'.repeat(1000)), `form ${'a'.repeat(1000)}`)
  assert.equal(outcome('POST', URLENCODED, 'a'.repeat(1001)), 'GW_REQUEST_BODY_TOO_LARGE form-too-large')
})
