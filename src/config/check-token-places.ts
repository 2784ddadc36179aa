import type { Origin, Problem } from '../errors/problem.ts'
import type { Compiled } from '../dialects/compiled.ts'
import type { CheckpointSpec, CheckpointsSpec, TokenRuleSpec } from '../plan/checkpoint-spec.ts'
import { outputHeaders } from '../plan/token-rules.ts'
import { spellingOf } from '../policy/index.ts'

/**
 * Finds headers in which a rule looks for tokens, and under which something is handed on as well. What a client sends
 * there is taken off first, so that the rule would find none and let everybody on as nobody.
 */
export function checkTokenPlaces(
  compiled: Compiled,
  checkpoints: CheckpointsSpec | undefined,
): readonly Problem[] {
  const places = checkpoints?.places ?? []
  const claims = forwardedClaims(compiled)
  return places.flatMap((place) => {
    // What comes before a backend sets its fields; only what a client sends is taken off before it.
    const outputs = place.backend === undefined ? [...places.flatMap(outputsOf), ...claims] : outputsOf(place)
    return place.tokenRules.flatMap((rule) => problemsOf(rule, outputs))
  })
}

interface Output {
  readonly header: string
  /** Who hands something on in it. */
  readonly by: string
  readonly origin: Origin
}

function outputsOf({ tokenRules }: CheckpointSpec): readonly Output[] {
  return tokenRules.flatMap((rule) =>
    outputHeaders(rule).map((header) => ({ header, by: rule.name, origin: rule.origin })),
  )
}

function forwardedClaims({ authentications, guards, routes }: Compiled): readonly Output[] {
  const used = new Set(
    [...guards, ...routes.flatMap(({ spec }) => spec.guards)].map((each) => each.authentication),
  )
  return authentications
    .filter(({ name }) => used.has(name))
    .flatMap(({ name, origin, forward }) =>
      forward.flatMap((each) => (each.in === 'header' ? [{ header: each.name, by: name, origin }] : [])),
    )
}

function problemsOf(
  { name, origin, locations }: TokenRuleSpec,
  outputs: readonly Output[],
): readonly Problem[] {
  return locations.flatMap((location): readonly Problem[] => {
    if (location.in !== 'header') return []
    const spelling = spellingOf(location.name)
    const output = outputs.find(({ header }) => spellingOf(header) === spelling)
    if (output === undefined) return []
    const what =
      output.by === name
        ? 'hands something on in it as well'
        : `\`${output.by}\` (${output.origin.file}:${output.origin.line}) hands something on in it`
    const problem = {
      severity: 'error' as const,
      file: origin.file,
      line: origin.line,
      message: `\`${name}\` looks for tokens in the header \`${location.name}\`, and ${what}: what clients send there is taken off first, so that no token would be found`,
      hint: 'hand it on in another header, such as X-Jwt-Payload',
    }
    return [problem]
  })
}
