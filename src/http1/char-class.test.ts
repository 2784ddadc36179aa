import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { HEX_VALUE, isFieldValue, isOriginForm, isToken } from './char-class.ts'

const ALL = Array.from({ length: 0x102 }, (_, code) => String.fromCharCode(code))

test('a token has the 77 characters of RFC 9110 §5.6.2 and no others', () => {
  const members = ALL.filter((char) => isToken(char)).join('')
  equal(members, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")
  equal(isToken(''), false)
  equal(isToken('a b'), false)
})

test('a field value has tab, space, visible characters and obs-text inside it (RFC 9110 §5.5)', () => {
  const refused = ALL.filter((char) => !isFieldValue(`a${char}b`)).map((char) => char.charCodeAt(0))
  const controls = Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 0x09)
  deepEqual(refused, [...controls, 0x7f, 0x100, 0x101])
})

test('a field value has no white space at its ends, and may be empty', () => {
  deepEqual(
    ['', 'a', ' a', 'a ', '\ta', 'a\t', ' '].map((value) => isFieldValue(value)),
    [true, true, false, false, false, false, false],
  )
})

test('a character whose low byte is a line end is no field value', () => {
  equal(isFieldValue('a\u010ab'), false)
  equal(isFieldValue('a\u560db'), false)
})

test('a path has the characters of RFC 3986, and the three that browsers leave as they are', () => {
  const refused = ALL.filter((char) => !isOriginForm(`/${char}`, 0, 2)).join('')
  const controls = ALL.slice(0, 0x21).join('')
  equal(refused, `${controls}"#<>\\^\`{}${ALL.slice(0x7f).join('')}`)
})

test('a query has every visible character but the number sign', () => {
  const refused = ALL.filter((char) => !isOriginForm(`/?${char}`, 0, 3)).join('')
  equal(refused, `${ALL.slice(0, 0x21).join('')}#${ALL.slice(0x7f).join('')}`)
})

test('a target begins with a slash and is judged in its range only', () => {
  equal(isOriginForm('a/b', 0, 3), false)
  equal(isOriginForm('', 0, 0), false)
  equal(isOriginForm(' /a ', 1, 3), true)
})

test('hexadecimal digits have their values in both cases', () => {
  const values = Array.from('0123456789abcdefABCDEF', (digit) => HEX_VALUE[digit.charCodeAt(0)])
  deepEqual(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 10, 11, 12, 13, 14, 15])
  equal(HEX_VALUE.filter((value) => value === 255).length, 256 - 22)
})
