import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PathRewriteSpec } from './spec.ts'
import { rewritePath } from './rewrite-path.ts'

const equal = (match: string, replacement: string): PathRewriteSpec => ({ kind: 'equal', match, replacement })
const wildcard = (match: string, replacement: string): PathRewriteSpec => ({
  kind: 'wildcard',
  match,
  replacement,
})

test('without a rule that matches the path stays', () => {
  assert.equal(rewritePath('/a/b', []), '/a/b')
  assert.equal(rewritePath('/a/b', [equal('/a', '/x'), wildcard('/b/*', '/x/$1')]), '/a/b')
})

test('an equal rule is for one path', () => {
  const rules = [equal('/a', '/x')]
  assert.equal(rewritePath('/a', rules), '/x')
  for (const path of ['/a/', '/A', '/ab', '/']) assert.equal(rewritePath(path, rules), path)
})

test('a wildcard rule carries over what its `*` stood for', () => {
  const rules = [wildcard('/api/*', '/v1/$1')]
  assert.equal(rewritePath('/api/users/7', rules), '/v1/users/7')
  assert.equal(rewritePath('/api/', rules), '/v1/')
  for (const path of ['/api', '/apix/y', '/x/api/y', '/']) assert.equal(rewritePath(path, rules), path)
  assert.equal(rewritePath('/a/b', [wildcard('/*', '/v1/$1/end')]), '/v1/a/b/end')
  assert.equal(rewritePath('/a/b', [wildcard('/a/*', '/fixed')]), '/fixed')
})

test('a path that looks like a replacement pattern is only a path', () => {
  assert.equal(rewritePath("/api/$1$&$'", [wildcard('/api/*', '/v1/$1')]), "/v1/$1$&$'")
})

test('the first rule that matches decides, and its outcome is not rewritten again', () => {
  assert.equal(rewritePath('/a', [equal('/a', '/b'), equal('/b', '/c')]), '/b')
  assert.equal(rewritePath('/a/x', [wildcard('/a/*', '/b/$1'), wildcard('/*', '/c/$1')]), '/b/x')
})

test('a rule matches what routes and conditions take for the same path', () => {
  assert.equal(rewritePath('/odata/%24metadata', [equal('/odata/$metadata', '/x')]), '/x')
  assert.equal(rewritePath('/%24data/a%24b/c', [wildcard('/$data/*', '/x/$1')]), '/x/a%24b/c')
  assert.equal(rewritePath('/$data/a', [wildcard('/%24data/*', '/x/$1')]), '/x/a')
  assert.equal(rewritePath('/caf%C3%A9/a', [wildcard('/caf%C3%A9/*', '/x/$1')]), '/x/a')
})

test('a path of fewer segments than the rule is not matched by it', () => {
  for (const path of ['/', '/a', '/a/b']) assert.equal(rewritePath(path, [wildcard('/a/b/*', '/x/$1')]), path)
})
