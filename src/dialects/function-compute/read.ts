import { embeddedJson } from '../embedded-json.ts'
import type { SourceNode } from '../source-node.ts'
import { readAuth } from './read-auth.ts'
import { readDomain } from './read-domain.ts'
import { readMethods } from './methods.ts'
import { warnOfOthers } from './other-settings.ts'
import { plainText } from './plain-text.ts'
import { resolveReferences } from './references.ts'
import {
  NOT_CARRIED_OVER,
  SAID_BY_THE_PRODUCT,
  TRIGGER_CONFIG_SETTINGS,
  TRIGGER_SETTINGS,
  type CustomDomain,
  type FunctionComputeDocument,
  type HttpTrigger,
} from './schema.ts'

interface Found {
  readonly triggers: HttpTrigger[]
  readonly domains: CustomDomain[]
}

/**
 * Reads HTTP triggers and custom domains as they are: Serverless Devs' `s.yaml`, the API's JSON, Terraform's JSON, or one
 * trigger configuration alone. What has no meaning here is warned of.
 */
export function readFunctionCompute(roots: readonly SourceNode[]): FunctionComputeDocument {
  const found: Found = { triggers: [], domains: [] }
  for (const root of roots) readAny(root, found)
  return found
}

function readAny(node: SourceNode, found: Found): void {
  const lists = [node, node.find('triggers'), node.find('customDomains')].filter(
    (list) => list?.isList() === true,
  )
  if (lists.length > 0) {
    for (const item of lists.flatMap((list) => list?.items() ?? [])) readAny(item, found)
  } else if (node.find('resources') !== undefined) {
    readServerlessDevs(resolveReferences(node), found)
  } else if (node.find('resource') !== undefined) {
    readTerraform(node, found)
  } else if (node.find('domainName') !== undefined) {
    pushDefined(found.domains, readDomain(node, undefined))
  } else if (node.find('triggerConfig') !== undefined) {
    pushDefined(found.triggers, readTrigger(node, undefined))
  } else {
    // The configuration of a trigger by itself, or the `authConfig` of a domain.
    const config = node.find('authType') === undefined ? (node.find('authConfig') ?? node) : node
    const name = node.find('functionName')
    found.triggers.push(readTriggerConfig(node, config, name === undefined ? undefined : plainText(name)))
  }
}

/** https://github.com/devsapp/fc3: one component per resource, triggers among the properties of a function. */
function readServerlessDevs(root: SourceNode, found: Found): void {
  for (const resource of root.find('resources')?.members() ?? []) {
    const component = (resource.find('component')?.word() ?? '').replace(/^.*\//, '').replace(/@.*$/, '')
    const props = resource.find('props')
    if (component === 'fc3' && props !== undefined) readFunction(props, found)
    else if (component === 'fc3-domain' && props !== undefined)
      pushDefined(found.domains, readDomain(props, undefined))
    else
      resource.warning(
        `the resource \`${resource.name}\` is not read`,
        'only components fc3 and fc3-domain are',
      )
  }
}

function readFunction(props: SourceNode, found: Found): void {
  const name = props.find('functionName')
  const functionName = name === undefined ? undefined : plainText(name)
  for (const trigger of props.find('triggers')?.items() ?? []) {
    pushDefined(found.triggers, readTrigger(trigger, functionName))
  }
  const domain = props.find('customDomain')
  if (domain !== undefined) pushDefined(found.domains, readDomain(domain, functionName))
}

/** Terraform's JSON syntax: `resource` → type → name → arguments. */
function readTerraform(root: SourceNode, found: Found): void {
  for (const type of root.find('resource')?.members() ?? []) {
    for (const resource of type.members()) {
      const block = resource.isList() ? resource.items()[0] : resource
      if (block === undefined) continue
      if (type.name.endsWith('_custom_domain')) pushDefined(found.domains, readDomain(block, undefined))
      else if (type.name.endsWith('_trigger')) pushDefined(found.triggers, readTrigger(block, undefined))
    }
  }
}

/** Undefined for a trigger that is not an HTTP trigger. */
function readTrigger(node: SourceNode, functionName: string | undefined): HttpTrigger | undefined {
  const type = node.find('triggerType')
  if (type !== undefined && type.word().toLowerCase() !== 'http') {
    node.warning('the trigger is not read, because it is no HTTP trigger')
    return undefined
  }
  const written = node.find('triggerConfig')
  const config = typeof written?.value === 'string' ? embeddedJson(written, written.value) : written
  if (config === undefined) {
    if (written === undefined) node.error('`triggerConfig` is missing')
    return undefined
  }
  const own = node.find('functionName')
  warnOfOthers(node, [...TRIGGER_SETTINGS, ...SAID_BY_THE_PRODUCT])
  return readTriggerConfig(node, config, own === undefined ? functionName : plainText(own))
}

function readTriggerConfig(
  node: SourceNode,
  config: SourceNode,
  functionName: string | undefined,
): HttpTrigger {
  warnOfOthers(
    config,
    config === node ? [...TRIGGER_CONFIG_SETTINGS, ...TRIGGER_SETTINGS] : TRIGGER_CONFIG_SETTINGS,
  )
  if (config.find('disableURLInternet')?.value === true) {
    config
      .find('disableURLInternet')
      ?.warning(
        '`disableURLInternet` is about the address that the product gives',
        'here the `listeners` say who can connect',
      )
  }
  config.find('corsConfig')?.warning('`corsConfig` is not carried over', NOT_CARRIED_OVER['corsConfig'])
  const name = node.find('triggerName')
  return {
    node,
    triggerName: name === undefined ? 'http-trigger' : (plainText(name) ?? 'http-trigger'),
    functionName,
    methods: readMethods(config),
    auth: readAuth(config),
  }
}

function pushDefined<T>(list: T[], item: T | undefined): void {
  if (item !== undefined) list.push(item)
}
