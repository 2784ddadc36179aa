import type { z } from 'zod'
import type { Path } from '../document.ts'
import { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'

type Issue = z.core.$ZodIssue

/** Reads `node` by `schema`, reporting every issue in it; undefined after an error. */
export function readBy<T>(schema: z.ZodType<T>, node: SourceNode): T | undefined {
  const parsed = schema.safeParse(node.value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) reportIssue(issue, node)
  return undefined
}

/**
 * The same, yet where settings have errors the rest is read as if they were not written, so that what else is wrong with
 * it is found in the same run. INVARIANT: the errors are reported, so that no plan is made of what is left.
 */
export function readRest<T>(schema: z.ZodType<T>, node: SourceNode): T | undefined {
  const parsed = schema.safeParse(node.value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) reportIssue(issue, node)
  const wrong = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(0, 1),
  )
  const rest = node.members().filter((member) => !wrong.includes(member.name))
  return schema.safeParse(Object.fromEntries(rest.map((member) => [member.name, member.value]))).data
}

function reportIssue(issue: Issue, root: SourceNode): void {
  const node = descend(root, issue.path.map(pathPart))
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) reportUnknown(descend(node, [key]), issue.message.split(' '))
      return
    case 'invalid_union':
      for (const inner of nearestBranch(issue.errors)) reportIssue(inner, node)
      return
    case 'invalid_key':
      for (const inner of issue.issues) reportIssue(inner, node)
      return
    case 'custom':
      node.error(aboutNode(node, issue.message), hintOf(issue.params))
      return
    case 'invalid_type':
    case 'invalid_value':
      reportKind(issue, node)
      return
    case 'too_small':
    case 'too_big':
      node.error(`${namedItem(node)} ${outOfBounds(issue)}`)
      return
    case 'invalid_format':
    case 'invalid_element':
    case 'not_multiple_of':
      node.error(`${named(node)} is not valid`)
  }
}

type KindIssue = z.core.$ZodIssueInvalidType | z.core.$ZodIssueInvalidValue

function reportKind(issue: KindIssue, node: SourceNode): void {
  if (node.value === undefined) node.error(`${named(node)} is missing`, onlyChoice(issue, node))
  else node.error(`${namedItem(node)} ${expectation(issue)}`, nearValue(issue, node.value))
}

function expectation(issue: KindIssue): string {
  // The schema's own words, where it has some instead of the library's.
  if (!/^Invalid (?:input|option)\b/.test(issue.message)) return issue.message
  if (issue.code === 'invalid_value') return `must be ${listed(valuesOf(issue))}`
  return `must be ${WORDS[issue.expected] ?? issue.expected}`
}

function onlyChoice(issue: KindIssue, node: SourceNode): string | undefined {
  const values = issue.code === 'invalid_value' ? valuesOf(issue) : []
  return values.length === 1 ? `write \`${node.name}: ${values[0] ?? ''}\`` : undefined
}

function nearValue(issue: KindIssue, value: unknown): string | undefined {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return undefined
  const near = suggestion(value, valuesOf(issue))
  return near === undefined ? undefined : `is \`${near}\` meant?`
}

function valuesOf(issue: z.core.$ZodIssueInvalidValue): readonly string[] {
  return [...new Set(issue.values.map(String))]
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text; put it in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object, lines of `name: value`',
  record: 'an object, lines of `name: value`',
}

function reportUnknown(node: SourceNode, known: readonly string[]): void {
  const near = suggestion(node.name, known)
  const hint = near === undefined ? `known here: ${known.join(', ')}` : `is \`${near}\` meant?`
  node.error(`unknown setting \`${node.name}\``, hint)
}

/**
 * Of the forms that a value may have, the one that it was most likely meant to have: not of another kind altogether,
 * then with the fewest unknown settings, then with the fewest issues.
 */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const weight = (issues: readonly Issue[]): number => {
    const otherKind = issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0)
    const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys').length
    return (otherKind ? 1_000_000 : 0) + unknown * 1000 + issues.length
  }
  const sorted = [...branches].sort((a, b) => weight(a) - weight(b))
  return sorted[0] ?? []
}

function outOfBounds(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (issue.code === 'too_big') return `can be ${String(issue.maximum)} at most`
  if (issue.origin === 'string') return 'is empty'
  return issue.origin === 'array' ? 'needs at least one item' : `must be ${String(issue.minimum)} or more`
}

/** The name under which people know a value: its own, or for an item of a list that of the list. */
function named(node: SourceNode): string {
  const name = node.path.findLast((part) => typeof part === 'string')
  return name === undefined ? 'the file' : `\`${name}\``
}

/** The same, where what is said is not true of the list itself. */
function namedItem(node: SourceNode): string {
  return typeof node.path.at(-1) === 'number' ? `an item of ${named(node)}` : named(node)
}

/** The checks on a whole object name their settings themselves. */
function aboutNode(node: SourceNode, message: string): string {
  return node.isObject() ? message : `${named(node)}: ${message}`
}

function listed(values: readonly string[]): string {
  const quoted = values.map((value) => `\`${value}\``)
  const last = quoted.at(-1) ?? ''
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(', ')} or ${last}`
}

function hintOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const hint = params?.['hint']
  return typeof hint === 'string' ? hint : undefined
}

function descend(node: SourceNode, path: Path): SourceNode {
  let value = node.value
  for (const part of path) value = memberOf(value, part)
  return new SourceNode(node.document, [...node.path, ...path], value)
}

function memberOf(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
  const member: unknown = Reflect.get(value, part)
  return member
}

function pathPart(part: PropertyKey): string | number {
  return typeof part === 'symbol' ? String(part) : part
}
