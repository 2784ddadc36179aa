import { ruleTable, toPath, type MatchCase } from '../../support/mesh.ts'

const path = (target: string, matches: boolean): MatchCase => [target, toPath(target), matches]

ruleTable('{*} is one segment', "to: [{ operation: { paths: ['/users/{*}/orders'] } }]", [
  path('/users/7/orders', true),
  path('/users/a-b_c.d~%20!$&/orders', true),
  path('/users//orders', false),
  path('/users/7/8/orders', false),
  path('/users/7/orders/', false),
  path('/users/7', false),
])

ruleTable('several of them', "to: [{ operation: { paths: ['/{*}/a/{*}'] } }]", [
  path('/x/a/y', true),
  path('/x/a/', false),
  path('/x/b/y', false),
])

ruleTable('a segment that is empty is none', "to: [{ operation: { paths: ['/{*}'] } }]", [
  path('/a', true),
  path('/', false),
  path('/a/', false),
])

ruleTable('{**} is what is left, nothing included', "to: [{ operation: { paths: ['/a/{**}'] } }]", [
  path('/a/', true),
  path('/a/b', true),
  path('/a/b/c', true),
  path('/a', false),
  path('/ab', false),
])

ruleTable('literals may follow {**}', "to: [{ operation: { paths: ['/a/{**}/c'] } }]", [
  path('/a/b/c', true),
  path('/a/b/b/c', true),
  path('/a//c', true),
  path('/a/c', false),
  path('/a/b/d', false),
])

ruleTable('{*} before {**}', "to: [{ operation: { paths: ['/{*}/b/{**}'] } }]", [
  path('/a/b/', true),
  path('/a/b/c/d', true),
  path('/a/b', false),
])

ruleTable('what URIs do not have matches no template', "to: [{ operation: { paths: ['/{*}'] } }]", [
  path('/a"b', false),
  path('/a|b', false),
])
