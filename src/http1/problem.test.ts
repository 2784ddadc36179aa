import { match, equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'

import { HTTP_PROBLEMS, httpProblem, refused, type HttpProblemReason } from './problem.ts'

test('every reason is one kebab-case word, and has a status and a fragment for a person', () => {
  for (const reason of Object.keys(HTTP_PROBLEMS) as HttpProblemReason[]) {
    match(reason, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    const problem = refused(reason).error
    equal([400, 413, 414, 431, 501, 505].includes(problem.status), true)
    match(problem.detail, /^(?:[a-z]|HTTP)[^\n]*[^.\n]$/)
  }
})

test('each problem is a value of its own', () => {
  notEqual(httpProblem('bare-lf'), httpProblem('bare-lf'))
})
