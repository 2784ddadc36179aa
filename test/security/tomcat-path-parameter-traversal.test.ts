import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPath } from '../../src/policy/index.ts'

/**
 * Tomcat, Jetty and Spring drop `;parameters` of a segment before they resolve dots: `/app/..;/manager` is `/manager`
 * to them and a harmless `/app/…` to a proxy (the "breaking parser logic" family of 2018, CVE-2020-5902 among them).
 */
for (const encodedSlashes of ['refuse', 'keep'] as const) {
  test(`dot segments with parameters are refused (encoded slashes: ${encodedSlashes})`, () => {
    for (const raw of [
      '/app/..;/manager',
      '/app/..;x=y/manager',
      '/app/%2e%2e;/manager',
      '/app/.%2e%3b/manager',
      '/app/..;',
      '/app/.;/manager',
      '/..;/..;/manager',
      '/app/..%3Bx/manager',
      '/app/..%253b/manager',
    ]) {
      assert.ok(!canonicalPath(raw, { mergeSlashes: true, encodedSlashes }).ok, raw)
    }
  })
}

test('parameters of other segments are kept', () => {
  for (const path of ['/app/a;jsessionid=1/b', '/app;v=1', '/app/a..;b']) {
    const canonical = canonicalPath(path, { mergeSlashes: true, encodedSlashes: 'refuse' })
    assert.ok(canonical.ok)
    assert.equal(canonical.value, path)
  }
})
