import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPath, ConditionIndex, parsePathPattern } from '../../src/policy/index.ts'

/**
 * GHSA-7rh7-c77v-6434 / CVE-2025-54576 (oauth2-proxy): the rule for skipping authentication was matched against the
 * whole URI, so `/admin?x=/public/health` was let through; GHSA-pxq7-h93f-9jrg did it with a fragment.
 */
test('what stands in a query or fragment never takes part in matching', () => {
  for (const raw of [
    '/admin?/public/health',
    '/admin?x=/public/health',
    '/admin#/public/health',
    '/public/health#/../../admin',
  ]) {
    assert.ok(!canonicalPath(raw, { mergeSlashes: true, encodedSlashes: 'refuse' }).ok, raw)
  }
})

test('an escaped `?` or `#` is data of the path, and no end of it', () => {
  const whitelist = new ConditionIndex([{ condition: { host: '*', path: '/public' }, value: true }])
  for (const raw of ['/public%3Fx', '/public%23', '/admin%3F/public']) {
    const path = canonicalPath(raw, { mergeSlashes: true, encodedSlashes: 'refuse' })
    assert.ok(path.ok)
    assert.deepEqual(whitelist.listing('', path.value), [], raw)
  }
})

test('a pattern with a query or fragment is refused, since it would never match', () => {
  for (const text of ['/public?x=1', '/public#top', '/public?*']) assert.ok(!parsePathPattern(text).ok, text)
})
