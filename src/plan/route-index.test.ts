import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routeSpec } from '../../test/support/decision.ts'
import { GuardSet, RouteGuards } from './guard-set.ts'
import type { Route } from './plan.ts'
import { RouteIndex } from './route-index.ts'
import type { RouteSpec } from './spec.ts'

const NO_NAMES = new Set<string>()

function route(spec: Partial<RouteSpec>): Route {
  return {
    kind: 'route',
    spec: routeSpec(spec),
    methods: spec.methods,
    backend: 'b',
    pathRewrites: [],
    guards: new RouteGuards(new GuardSet([]), new GuardSet([])),
    checkpoints: [],
    reserved: { header: NO_NAMES, query: NO_NAMES, form: NO_NAMES, cookie: NO_NAMES },
  }
}

function found(index: RouteIndex, host: string, path: string, method = 'GET'): string {
  const match = index.match(host, path, method)
  return match.kind === 'route' ? match.spec.name : match.kind
}

test('the most specific host has the request, and its routes alone are looked at', () => {
  const index = new RouteIndex([
    route({ name: 'open', hosts: ['*'], path: '/*' }),
    route({ name: 'exact', hosts: ['api.example.com'], path: '/a/*' }),
    route({ name: 'wild', hosts: ['*.example.com'], path: '/w/*' }),
    route({ name: 'wilder', hosts: ['*.x.example.com'], path: '/x/*' }),
  ])
  for (const [host, path, expected] of [
    ['api.example.com', '/a/b', 'exact'],
    // Neither the wildcard nor `*` takes what the exact host does not route: they may be open.
    ['api.example.com', '/w/b', 'no-path'],
    ['api.example.com', '/other', 'no-path'],
    ['www.example.com', '/w/b', 'wild'],
    ['www.example.com', '/a/b', 'no-path'],
    ['a.x.example.com', '/x/b', 'wilder'],
    ['a.x.example.com', '/w/b', 'no-path'],
    ['x.example.com', '/w/b', 'wild'],
    ['example.com', '/w/b', 'open'],
    ['other.test', '/a/b', 'open'],
    ['', '/', 'open'],
  ] as const) {
    assert.equal(found(index, host, path), expected, `${host}${path}`)
  }
})

test('a host that no route names is not routed', () => {
  const index = new RouteIndex([route({ hosts: ['api.example.com'] })])
  assert.equal(found(index, 'other.test', '/'), 'no-host')
  assert.equal(found(index, '', '/'), 'no-host')
  assert.equal(new RouteIndex([]).match('a.test', '/', 'GET').kind, 'no-host')
})

test('the exact path comes first, then the longest prefix', () => {
  const index = new RouteIndex([
    route({ name: 'all', path: '/*' }),
    route({ name: 'a', path: '/a/*' }),
    route({ name: 'ab', path: '/a/b*' }),
    route({ name: 'exact', path: '/a/b' }),
  ])
  for (const [path, expected] of [
    ['/a/b', 'exact'],
    ['/a/bc', 'ab'],
    ['/a/b/', 'ab'],
    ['/a/c', 'a'],
    ['/a/', 'a'],
    ['/a', 'all'],
    ['/A/b', 'all'],
  ] as const) {
    assert.equal(found(index, 'a.test', path), expected, path)
  }
})

test('a method that no route of the nearest path takes is not routed, whatever a less specific path takes', () => {
  const index = new RouteIndex([
    route({ name: 'all', path: '/*', methods: ['GET', 'PUT'] }),
    route({ name: 'post', path: '/a', methods: ['POST'] }),
    route({ name: 'delete', path: '/a', methods: ['DELETE'] }),
  ])
  assert.equal(found(index, 'a.test', '/a', 'POST'), 'post')
  assert.equal(found(index, 'a.test', '/a', 'DELETE'), 'delete')
  assert.equal(found(index, 'a.test', '/a', 'GET'), 'no-method', 'an open route of all paths must not get it')
  assert.equal(found(index, 'a.test', '/b', 'GET'), 'all')
  assert.equal(found(index, 'a.test', '/a', 'post'), 'no-method')
})

test('a method that no route of the path takes is told which are taken, each once', () => {
  const index = new RouteIndex([
    route({ name: 'all', path: '/*', methods: ['GET', 'PUT'] }),
    route({ name: 'a', path: '/a', methods: ['POST', 'GET'] }),
    route({ name: 'b', path: '/a', methods: ['TRACE', 'GET'] }),
  ])
  const match = index.match('a.test', '/a', 'DELETE')
  assert.deepEqual(match, { kind: 'no-method', allowed: ['POST', 'GET', 'TRACE'] })
})

test('a route has every one of its hosts', () => {
  const index = new RouteIndex([route({ name: 'one', hosts: ['a.test', '*.b.test'] })])
  assert.equal(found(index, 'a.test', '/'), 'one')
  assert.equal(found(index, 'x.b.test', '/'), 'one')
  assert.equal(found(index, 'b.test', '/'), 'no-host')
})

test('routes that spell one path in two ways are those of one path', () => {
  const index = new RouteIndex([
    route({ name: 'read', path: '/odata/$x', methods: ['GET'] }),
    route({ name: 'write', path: '/odata/%24x', methods: ['POST'] }),
    route({ name: 'star', path: '/a%2A' }),
    route({ name: 'below', path: '/a*' }),
    route({ name: 'read below', path: '/%40/*', methods: ['GET'] }),
    route({ name: 'write below', path: '/@/*', methods: ['POST'] }),
  ])
  for (const path of ['/odata/$x', '/odata/%24x']) {
    assert.equal(found(index, 'a.test', path, 'GET'), 'read')
    assert.equal(found(index, 'a.test', path, 'POST'), 'write')
    assert.deepEqual(index.match('a.test', path, 'PUT'), { kind: 'no-method', allowed: ['GET', 'POST'] })
  }
  assert.equal(found(index, 'a.test', '/@/x', 'POST'), 'write below')
  assert.equal(found(index, 'a.test', '/a*'), 'star')
  assert.equal(found(index, 'a.test', '/ab'), 'below')
})
