import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bucket } from './bucket.ts'

const SIZE = { capacityUs: 1000, usPerSecond: 100, overdraftUs: 200 }

test('a budget is full at first, and fills steadily up to its capacity', () => {
  const bucket = new Bucket(SIZE, 0)
  assert.equal(bucket.levelUs(0), 1000)
  bucket.spend(600, 0)
  assert.equal(bucket.levelUs(0), 400)
  assert.equal(bucket.levelUs(3000), 700)
  assert.equal(bucket.levelUs(1e9), 1000)
})

test('what is spent beyond the overdraft is forgotten, so that the end of a flood is the end of its price', () => {
  const bucket = new Bucket(SIZE, 0)
  for (let i = 0; i < 100; i++) bucket.spend(1000, 0)
  assert.equal(bucket.levelUs(0), -200)
  assert.equal(bucket.levelUs(2000), 0)
})

test('a clock that is set back fills nothing, takes nothing, and fills on from there', () => {
  const bucket = new Bucket(SIZE, 10_000)
  bucket.spend(500, 10_000)
  assert.equal(bucket.levelUs(0), 500)
  assert.equal(bucket.levelUs(1000), 600)
})
