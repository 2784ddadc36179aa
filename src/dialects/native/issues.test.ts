import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { readBy, readRest } from './issues.ts'
import { exactlyOne, oneOrMore, section } from './section.ts'

const item = section({
  url: z.string().optional(),
  file: z.string().optional(),
  mode: z.enum(['all', 'none']).optional(),
})
const schema = section({
  name: z.string(),
  count: z.number().int().min(1).max(9).optional(),
  list: z.array(z.string()).min(1).optional(),
  items: oneOrMore(item.check(exactlyOne(['url', 'file']))).optional(),
  either: z.union([z.string(), section({ use: z.string(), mode: z.enum(['all', 'none']) })]).optional(),
})

function problems(yaml: string): readonly string[] {
  const { node, problems: found } = nodeOf(yaml)
  readBy(schema, node)
  return briefly(found)
}

test('each issue is a sentence on its own line', () => {
  assert.deepEqual(problems('count: 1.5\nlist: []\n'), [
    '1 error: `name` is missing',
    '1 error: `count` must be a whole number',
    '2 error: `list` needs at least one item',
  ])
  assert.deepEqual(problems('name: 5\ncount: 10\nlist: text'), [
    '1 error: `name` must be text; put it in quotes',
    '2 error: `count` can be 9 at most',
    '3 error: `list` must be a list',
  ])
  assert.deepEqual(problems('name: x\ncount: 0\nlist: [1]'), [
    '2 error: `count` must be 1 or more',
    '3 error: an item of `list` must be text; put it in quotes',
  ])
})

test('an unknown setting comes with the one that was probably meant, or with all', () => {
  const { node, problems: found } = nodeOf('name: x\nlsit: []\nfoo: 1')
  readBy(schema, node)
  assert.deepEqual(
    found.map(({ line, hint }) => [line, hint]),
    [
      [2, 'is `list` meant?'],
      [3, 'known here: name, count, list, items, either'],
    ],
  )
})

test('of several forms, that is reported on which the value is nearest to', () => {
  assert.deepEqual(problems('name: x\neither:\n  use: y\n  mode: al'), [
    '4 error: `mode` must be `all` or `none`',
  ])
  assert.deepEqual(problems('name: x\nitems:\n  - { url: x }\n  - { url: 5 }'), [
    '4 error: `url` must be text; put it in quotes',
  ])
  assert.deepEqual(problems('name: x\nitems: { url: a, flie: b }'), ['2 error: unknown setting `flie`'])
})

test('settings that exclude each other, or are all missing, are told together', () => {
  assert.deepEqual(problems('name: x\nitems: [{ url: a, file: b }, {}]'), [
    '2 error: `url` and `file` exclude each other; keep one',
    '2 error: one of `url`, `file` is missing',
  ])
})

test('one value is read as a list of one', () => {
  assert.deepEqual(readBy(schema, nodeOf('{ name: x, items: { url: a } }').node)?.items, [{ url: 'a' }])
})

test('the rest of an object is read as if its errors were not written', () => {
  const { node, problems: found } = nodeOf('{ name: x, count: many, lsit: 1, list: [a] }')
  assert.deepEqual(readRest(schema, node), { name: 'x', list: ['a'] })
  assert.equal(found.length, 2)
  assert.equal(readRest(schema, nodeOf('{ count: many }').node), undefined)
})
