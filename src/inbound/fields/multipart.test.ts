import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { spellingOf } from '../../policy/index.ts'
import type { Form } from './form.ts'
import { parseMultipart } from './multipart.ts'

/** Long, because the other parser looks for it without its dashes, too. */
const B = 'boundary-7MA4YWxkTrZu0gW-7MA4YWxk'
const TYPE = `multipart/form-data; boundary=${B}`
const dropUid = (name: string): boolean => spellingOf(name) === 'uid'

/** A body of boundary `B`: each part is its head lines and its value. */
function bodyOf(...parts: (readonly [head: string, value: string])[]): string {
  return `${parts.map(([head, value]) => `--${B}\r\n${head}\r\n\r\n${value}\r\n`).join('')}--${B}--\r\n`
}

function field(name: string, value: string): readonly [string, string] {
  return [`Content-Disposition: form-data; name="${name}"`, value]
}

function parse(body: string | Buffer, boundary = B) {
  return parseMultipart(typeof body === 'string' ? Buffer.from(body, 'latin1') : body, boundary, TYPE)
}

function formOf(body: string): Form {
  const result = parse(body)
  assert.ok(result.ok, body)
  return result.value
}

function problem(body: string, boundary = B): string {
  const result = parse(body, boundary)
  return result.ok ? 'accepted' : result.error
}

async function entries(form: Form): Promise<[string, string][]> {
  const body = new Uint8Array(form.bytes)
  const data = await new Response(body, { headers: { 'content-type': form.contentType } }).formData()
  return Promise.all(
    [...data].map(
      async ([name, value]) =>
        [name, typeof value === 'string' ? value : await value.text()] as [string, string],
    ),
  )
}

test('text fields are read by exactly their name, files are not', () => {
  const form = formOf(
    bodyOf(
      field('token', 'one'),
      ['content-disposition:form-data;NAME=token', 'two\r\n'],
      ['Content-Disposition: form-data; name="token"; filename="a"\r\nContent-Type: text/plain', 'file'],
      field('Token', 'no'),
      field('a%22b', 'quoted'),
      [
        `Content-Disposition: form-data; name="${Buffer.from('é').toString('latin1')}"`,
        Buffer.from('ü').toString('latin1'),
      ],
    ),
  )
  assert.deepEqual(form.values('token'), ['one', 'two\r\n'])
  assert.deepEqual(form.values('a"b'), ['quoted'])
  assert.deepEqual(form.values('é'), ['ü'])
  assert.deepEqual(form.values('none'), [])
})

test('an unchanged form is its body, byte for byte', () => {
  for (const body of [
    bodyOf(field('a', '\0\xff'), field('b', '')),
    bodyOf(),
    `--${B}--`,
    bodyOf(["X-Odd: 1\r\nContent-Disposition: form-data; name=a; filename*=utf-8''x", '']),
  ]) {
    const form = formOf(body)
    assert.equal(form.bytes.toString('latin1'), body)
    assert.equal(
      form.remove(() => false),
      form,
    )
    assert.equal(form.contentType, TYPE)
  }
})

test('a removed field takes its delimiter with it, and the rest stays byte for byte', () => {
  const form = formOf(bodyOf(field('a', '1'), field('uid', 'x'), field('b', '\r\n2')))
  assert.equal(form.remove(dropUid).bytes.toString('latin1'), bodyOf(field('a', '1'), field('b', '\r\n2')))
  assert.equal(
    formOf(bodyOf(field('uid', 'x')))
      .remove(dropUid)
      .bytes.toString(),
    `--${B}--\r\n`,
  )
})

test('a field is removed in every spelling that some server reads as its name, files too', () => {
  for (const name of ['UID', 'uid[]', 'uid[0]', '[uid]', 'uid ', ' uid', 'u%69d', '%75id', 'uid%00']) {
    const body = bodyOf(field('a', '1'), field(name, 'x'))
    assert.equal(formOf(body).remove(dropUid).bytes.toString('latin1'), bodyOf(field('a', '1')), name)
  }
  const file = bodyOf(['Content-Disposition: form-data; name="uid"; filename="f"', 'x'])
  assert.equal(formOf(file).remove(dropUid).bytes.toString(), `--${B}--\r\n`)
})

test('an appended field is written as browsers write it', async () => {
  const form = formOf(bodyOf(field('a', '1'))).append(['na"me\r\n', 'é\r\nx', 'b', ''])
  assert.equal(
    form.bytes.toString(),
    bodyOf(field('a', '1'), field('na%22me%0D%0A', 'é\r\nx'), field('b', '')),
  )
  assert.deepEqual(await entries(form), [
    ['a', '1'],
    ['na"me\r\n', 'é\r\nx'],
    ['b', ''],
  ])
  assert.deepEqual(form.values('na"me\r\n'), ['é\r\nx'])
})

test('an appended value that holds the boundary cannot end its part', async () => {
  const evil = `x\r\n--${B}\r\nContent-Disposition: form-data; name="role"\r\n\r\nadmin`
  const form = formOf(bodyOf(field('a', '1'))).append(['name', evil])
  assert.notEqual(form.contentType, TYPE)
  assert.deepEqual(await entries(form), [
    ['a', '1'],
    ['name', evil],
  ])
  const again = parse(form.bytes, form.contentType.split('boundary=')[1])
  assert.ok(again.ok)
  assert.deepEqual(again.value.values('role'), [])
})

test('an appended name that holds the boundary cannot end its part', () => {
  const form = formOf(bodyOf()).append([`x--${B}`, '1'])
  assert.notEqual(form.contentType, TYPE)
})

test('a body whose parts are not beyond doubt is refused', () => {
  const one = bodyOf(field('a', '1'))
  for (const [body, expected] of [
    ['', 'multipart-preamble'],
    [`preamble\r\n${one}`, 'multipart-preamble'],
    [`\r\n${one}`, 'multipart-preamble'],
    [one.replaceAll('\r\n', '\n'), 'multipart-delimiter'],
    [`--${B}`, 'multipart-unfinished'],
    [`--${B}\r\n`, 'multipart-unfinished'],
    [one.slice(0, one.indexOf(`--${B}--`)), 'multipart-unfinished'],
    [`--${B}-`, 'multipart-delimiter'],
    [`--${B}c\r\n`, 'multipart-delimiter'],
    [`--${B} \r\n\r\n\r\n--${B}--`, 'multipart-delimiter'],
    [bodyOf(field('a', `x--${B}`)), 'multipart-delimiter'],
    [bodyOf(field('a', `x\n--${B}\r\ny`)), 'multipart-delimiter'],
    [bodyOf(field('a', `x\r--${B}\r\ny`)), 'multipart-delimiter'],
    [bodyOf(field('a', `x\r\n--${B}c`)), 'multipart-delimiter'],
    [`${one}epilogue`, 'multipart-epilogue'],
    [`${one}--${B}\r\n`, 'multipart-epilogue'],
    [`${one.trimEnd()}\n`, 'multipart-epilogue'],
    [`--${B}--x`, 'multipart-epilogue'],
    [`--${B}\r\n--${B}--`, 'multipart-delimiter'],
    [`--${B}\r\n\r\n--${B}--`, 'multipart-part'],
    [`--${B}\r\nContent-Disposition: form-data; name="a"\r\n--${B}--`, 'multipart-part'],
  ] as const) {
    assert.equal(problem(body), expected, JSON.stringify(body))
  }
})

test('a part whose name can be read in two ways is refused', () => {
  for (const head of [
    '',
    'Content-Type: text/plain',
    'Content-Disposition: attachment; name="a"',
    'Content-Disposition: form-data',
    'Content-Disposition: form-data; filename="a"',
    'Content-Disposition: form-data; name="a"; name="b"',
    'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"',
    'Content-Disposition: form-data; name="a"; name*=utf-8\'\'b',
    "Content-Disposition: form-data; name*=utf-8''b",
    'Content-Disposition: form-data; name="a\\"; name="b"',
    'Content-Disposition: form-data; name="a\\b"',
    'Content-Disposition: form-data; name="a"; filename="x\\"; name=\\"uid"',
    'Content-Disposition: form-data; name="=?utf-8?B?dWlk?="',
    'Content-Disposition: form-data; name="a" x',
    'Content-Disposition: form-data; name="a"; ',
    'Content-Disposition: form-data; name="a',
    'Content-Disposition: form-data; name = "a"',
    'Content-Disposition: form-data; name="a"; size=1',
    'Content-Disposition: form-data name="a"',
    'Content-Disposition : form-data; name="a"',
    'Content-Disposition: form-data;\r\n name="a"',
    ' Content-Disposition: form-data; name="a"',
    'Content-Disposition: form-data; name="a\tb\0"',
    'Content-Disposition: form-data; name="a\nb"',
    'Content-Disposition: form-data; name="a"\nX: 1',
    'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=c',
    'Content-Disposition: form-data; name="a"\r\nContent-Type: text plain',
    'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64',
    'Content-Disposition: form-data; name="a"\r\nnonsense',
    `Content-Disposition: form-data; name="${'a'.repeat(9000)}"`,
  ]) {
    assert.equal(problem(bodyOf([head, 'x'])), 'multipart-part', JSON.stringify(head))
  }
})

test('what libraries write is taken', () => {
  for (const head of [
    'Content-Disposition: form-data; name=field1\r\nContent-Type: text/plain; charset=utf-8',
    'Content-Disposition: form-data; name="f"; filename="C:\\dir\\a.txt"; filename*=utf-8\'\'a.txt\r\nContent-Type: application/octet-stream',
    'Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: form-data; name="a"\r\nContent-Length: 1',
    'content-disposition: FORM-DATA; Name="a"; FileName=""',
  ]) {
    assert.equal(problem(bodyOf([head, 'x'])), 'accepted', head)
  }
})

test('the number of parts is bounded', () => {
  const parts = Array.from({ length: 1001 }, () => field('a', ''))
  assert.equal(problem(bodyOf(...parts.slice(1))), 'accepted')
  assert.equal(problem(bodyOf(...parts)), 'multipart-too-many-parts')
})

test('what another parser reads of the rest is what it read before, without the name', async () => {
  const name = fc.constantFrom('a', 'b', 'uid', 'UID', 'uid[]', 'u%69d', 'x y', 'a%22', 'b.c')
  const value = fc.string({
    unit: fc.constantFrom('x', '\r', '\n', '-', '-', 'b', '"', ' ', 'é'),
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 6 }), async (fields) => {
      const parts = fields.map(
        ([each, text, isFile]) =>
          [`Content-Disposition: form-data; name="${each}"${isFile ? '; filename="f"' : ''}`, text] as const,
      )
      const result = parse(Buffer.from(bodyOf(...parts)))
      if (!result.ok) return
      const form = result.value
      const before = await entries(form)
      const after = await entries(form.remove(dropUid).append(['uid', 'verified']))
      assert.deepEqual(after, [...before.filter(([each]) => !/^uid|^u%69d/i.test(each)), ['uid', 'verified']])
    }),
    { numRuns: 300 },
  )
})

test('every body that is accepted is read the same way by another parser', async () => {
  const piece = fc.constantFrom(
    `--${B}`,
    `--${B}--`,
    '\r\n',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '--',
    'b',
    'Content-Disposition: form-data; name="a"',
    'Content-Disposition: form-data; name="uid"',
    'X: y',
    ' ',
    'x',
  )
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, ends) => {
      const start = `--${B}\r\nContent-Disposition: form-data; name="a"\r\n\r\n`
      const result = parse(`${start}${pieces.join('')}${ends ? `\r\n--${B}--\r\n` : ''}`)
      if (!result.ok) return
      accepted++
      const form = result.value
      const names = (await entries(form)).map(([each]) => each)
      assert.equal(names.filter((each) => each === 'uid').length, form.values('uid').length)
      assert.equal(names.filter((each) => each === 'a').length, form.values('a').length)
    }),
    { numRuns: 2000 },
  )
  assert.ok(accepted > 50, `only ${accepted} bodies were accepted`)
})

test('hostile bodies take linear time', () => {
  const started = performance.now()
  for (const unit of ['--b', '\r\n--b', '--b\r\n', '-', '\r\n', 'a', '--b\r\n\r\n\r\n', '\r\n--bx'])
    problem(unit.repeat(400_000), 'b')
  problem(`${'-'.repeat(1_000_000)}x`, '-'.repeat(68))
  problem(`--${'-'.repeat(69)}b\r\n${'-'.repeat(1_000_000)}`, `${'-'.repeat(69)}b`)
  const heads = ['; name="a"', ';', '"', '; name=a', '\\', '; filename="a\\', 'a']
  for (const unit of heads)
    problem(bodyOf([`Content-Disposition: form-data${unit.repeat(8000 / unit.length)}`, '']))
  assert.ok(performance.now() - started < 4000)
})
