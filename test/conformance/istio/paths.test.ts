import { ruleTable, toPath, type MatchCase } from '../../support/mesh.ts'

const path = (target: string, matches: boolean): MatchCase => [target, toPath(target), matches]

ruleTable('an exact path, without the query', 'to: [{ operation: { paths: [/a] } }]', [
  path('/a', true),
  path('/a?b=/c', true),
  path('/a/', false),
  path('/A', false),
  path('/ab', false),
])

ruleTable('a prefix', "to: [{ operation: { paths: ['/a/*'] } }]", [
  path('/a/', true),
  path('/a/b/c', true),
  path('/a', false),
])

ruleTable('a suffix', "to: [{ operation: { paths: ['*/info'] } }]", [
  path('/a/info', true),
  path('/info', true),
  path('/a/info/', false),
])

ruleTable('any path', "to: [{ operation: { paths: ['*'] } }]", [path('/', true), path('/a', true)])

ruleTable('a star in the middle is a star', "to: [{ operation: { paths: ['/a*b'] } }]", [
  path('/axb', false),
  path('/a*b', true),
])

ruleTable('with stars at both ends it is a suffix with a star', "to: [{ operation: { paths: ['*a*'] } }]", [
  path('/xax', false),
  path('/xa*', true),
])

ruleTable('notPaths', 'to: [{ operation: { notPaths: [/a, /b] } }]', [
  path('/a', false),
  path('/b', false),
  path('/c', true),
])

ruleTable('paths and notPaths together', "to: [{ operation: { paths: ['/a/*'], notPaths: [/a/b] } }]", [
  path('/a/c', true),
  path('/a/b', false),
  path('/c', false),
])
