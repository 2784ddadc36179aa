import type { z } from 'zod'
import type { AuthenticationSpec, ClaimMapping, TokenLocation } from '../../plan/spec.ts'
import type { FileReader } from '../compiled.ts'
import { checkLocations, checkMappings } from '../forwarding.ts'
import { placedItems } from './placed-items.ts'
import type {
  authenticationSchema,
  claimMappingSchema,
  tokenLocationSchema,
} from './authentication-schema.ts'
import { readKeys } from './read-keys.ts'
import type { NamedPart } from './read.ts'

/** Compiles one authentication; undefined after an error. */
export async function compileAuthentication(
  part: NamedPart<z.output<typeof authenticationSchema>>,
  files: FileReader,
): Promise<AuthenticationSpec | undefined> {
  const { name, node, value } = part
  if (value === undefined) return undefined
  if (name === 'none')
    node.error('`none` means that no token is needed, and cannot be a name', 'choose another name')
  const clockSkewSeconds = value.clockSkew / 1000
  if (!Number.isInteger(clockSkewSeconds)) node.find('clockSkew')?.error('`clockSkew` must be whole seconds')
  if (!value.requireExp) {
    node.find('requireExp')?.warning(`\`${name}\` lets tokens without \`exp\` in, which never expire`)
  }
  const locations = checkLocations(placedItems(node, 'tokenFrom', value.tokenFrom.map(locationOf)))
  const mappings = placedItems(node, 'forward', value.forward.map(mappingOf))
  return {
    name,
    origin: node.origin,
    ...(await readKeys(part.name, node, value, files)),
    rules: {
      issuer: value.issuer,
      subject: value.subject,
      audiences: value.audiences ?? [],
      clockSkewSeconds,
      expRequired: value.requireExp,
    },
    locations,
    forward: checkMappings(mappings, locations, value.keepToken),
    keepToken: value.keepToken,
    refusals: 'problem',
  }
}

function locationOf(written: z.output<typeof tokenLocationSchema>): TokenLocation {
  const { header, cookie, query, form } = written
  if (header !== undefined) return { in: 'header', name: header, prefix: prefixOf(header, written.prefix) }
  if (cookie !== undefined) return { in: 'cookie', name: cookie }
  return query === undefined ? { in: 'form', name: form ?? '' } : { in: 'query', name: query }
}

function prefixOf(header: string, written: string | undefined): string {
  // RFC 6750 §2.1: what stands in Authorization has a scheme before it.
  const prefix = written ?? (header.toLowerCase() === 'authorization' ? 'Bearer' : '')
  return prefix === '' || prefix.endsWith(' ') ? prefix : `${prefix} `
}

function mappingOf(written: z.output<typeof claimMappingSchema>): ClaimMapping {
  const { claim, header, query, form, cookie } = written
  if (header !== undefined) return { claim, in: 'header', name: header }
  if (query !== undefined) return { claim, in: 'query', name: query }
  return form === undefined ? { claim, in: 'cookie', name: cookie ?? '' } : { claim, in: 'form', name: form }
}
