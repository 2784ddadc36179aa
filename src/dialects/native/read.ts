import type { z } from 'zod'
import { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'
import { authenticationSchema } from './authentication-schema.ts'
import { backendSchema } from './backend-schema.ts'
import { readBy, readRest } from './issues.ts'
import { meshSchema, type MeshSection } from './mesh-schema.ts'
import {
  configurationSchema,
  importSchema,
  nameSchema,
  routeSchema,
  ruleSchema,
  trustedProxiesSchema,
} from './schema.ts'
import {
  adminSchema,
  httpSchema,
  limitsSchema,
  listenerSchema,
  logSchema,
  timeoutsSchema,
} from './server-schema.ts'
import { refuseUnfinished } from './unfinished.ts'
import { expandVariables, type Environment } from './variables.ts'

/** A part of the configuration with its place. `value` is undefined where it has errors, which are reported. */
export interface Part<T> {
  readonly node: SourceNode
  readonly value: T | undefined
}

export interface NamedPart<T> extends Part<T> {
  readonly name: string
}

/** A `claimgate.yaml`, each part read by its own schema, so that an error in one hides none in the others. */
export interface NativeDocument {
  readonly root: SourceNode
  readonly listeners: readonly Part<z.output<typeof listenerSchema>>[]
  readonly admin: Part<z.output<typeof adminSchema>> | undefined
  readonly backends: readonly NamedPart<z.output<typeof backendSchema>>[]
  readonly authentications: readonly NamedPart<z.output<typeof authenticationSchema>>[]
  readonly routes: readonly Part<z.output<typeof routeSchema>>[]
  readonly rules: readonly Part<z.output<typeof ruleSchema>>[]
  readonly imports: readonly Part<z.output<typeof importSchema>>[]
  readonly mesh: MeshSection
  readonly trustedProxies: readonly string[]
  readonly http: z.output<typeof httpSchema>
  readonly limits: z.output<typeof limitsSchema>
  readonly timeouts: z.output<typeof timeoutsSchema>
  readonly log: z.output<typeof logSchema>
  readonly engine: PlainSettings['engine']
  readonly workers: PlainSettings['workers']
  readonly keyCache: PlainSettings['keyCache']
}

/** The settings that are read whole by the schema of the file itself. */
type PlainSettings = Pick<z.output<typeof configurationSchema>, 'engine' | 'workers' | 'keyCache'>

/** Reads a native configuration. Where a part has errors they are reported, and its defaults stand in for it. */
export function readNative(
  document: SourceNode,
  environment: Environment,
  /** Where to listen if the file does not say. */
  listen: string | undefined,
): NativeDocument {
  refuseUnfinished(document)
  const root = expandVariables(document, environment)
  const plain = readPlain(root)
  const written = member(root, 'listeners')
  const listeners = items(root, 'listeners', listenerSchema)
  if (written?.isList() === true && listeners.length === 0)
    written.error('`listeners` needs at least one item')
  return {
    root,
    listeners: written !== undefined ? listeners : defaultListeners(root, listen),
    admin: part(root, 'admin', adminSchema),
    backends: entries(root, 'backends', backendSchema),
    authentications: entries(root, 'authentications', authenticationSchema, readRest),
    routes: items(root, 'routes', routeSchema, readRest),
    rules: items(root, 'rules', ruleSchema),
    imports: items(root, 'import', importSchema),
    mesh: whole(root, 'mesh', meshSchema, {}),
    trustedProxies: whole(root, 'trustedProxies', trustedProxiesSchema, []),
    http: whole(root, 'http', httpSchema, {}),
    limits: whole(root, 'limits', limitsSchema, {}),
    timeouts: whole(root, 'timeouts', timeoutsSchema, {}),
    log: whole(root, 'log', logSchema, {}),
    engine: plain.engine,
    workers: plain.workers,
    keyCache: plain.keyCache,
  }
}

const TOP = configurationSchema.shape
const FILE = configurationSchema.pick({ version: true, engine: true, workers: true, keyCache: true })
const PLAIN = FILE.omit({ version: true })
const TOP_NAMES = Object.keys(TOP)

/** Checks the names and the plain settings of the file itself, and gives those that are used. */
function readPlain(root: SourceNode): PlainSettings {
  if (!root.isObject()) {
    root.error('a configuration is an object, lines of `name: value`', 'start with `version: 1`')
    return PLAIN.parse({})
  }
  for (const node of root.members()) {
    if (TOP_NAMES.includes(node.name)) continue
    const near = suggestion(node.name, TOP_NAMES)
    node.error(
      `unknown setting \`${node.name}\``,
      near === undefined ? `known here: ${TOP_NAMES.join(', ')}` : `is \`${near}\` meant?`,
    )
  }
  const written = root.members().filter(({ name }) => Object.hasOwn(FILE.shape, name))
  const value = Object.fromEntries([
    ['version', undefined],
    ...written.map((node) => [node.name, node.value]),
  ])
  return readBy(FILE, new SourceNode(root.document, [], value)) ?? PLAIN.parse({})
}

function defaultListeners(root: SourceNode, listen: string | undefined): NativeDocument['listeners'] {
  const written = listen === undefined ? undefined : [{ address: listen }]
  const listeners = TOP.listeners.safeParse(written)
  if (listeners.success) return listeners.data.map((value) => ({ node: root, value }))
  root.error(`\`--listen\`: ${listeners.error.issues[0]?.message ?? 'is not an address'}`)
  return []
}

/** A backend that is not written in the file, as if it were. */
export function readBackend(
  name: string,
  root: SourceNode,
  written: { readonly url: string } | { readonly function: string },
): NamedPart<z.output<typeof backendSchema>> {
  const node = new SourceNode(root.document, [], written)
  return { name, node, value: readBy(backendSchema, node) }
}

/** Each item of a list by itself. */
function items<T>(root: SourceNode, name: string, schema: z.ZodType<T>, read = readBy): readonly Part<T>[] {
  const list = member(root, name)
  if (list === undefined) return []
  if (!list.isList()) list.error(`\`${name}\` must be a list`, 'start each item with `- `')
  return list.items().map((node) => ({ node, value: read(schema, node) }))
}

/** Each member of an object by itself, and its name too. */
function entries<T>(
  root: SourceNode,
  name: string,
  schema: z.ZodType<T>,
  read = readBy,
): readonly NamedPart<T>[] {
  const object = member(root, name)
  if (object === undefined) return []
  if (!object.isObject()) object.error(`\`${name}\` must be an object, lines of \`name: value\``)
  return object.members().map((node) => {
    readBy(nameSchema, new SourceNode(node.document, node.path, node.name))
    return { name: node.name, node, value: read(schema, node) }
  })
}

function part<T>(root: SourceNode, name: string, schema: z.ZodType<T>): Part<T> | undefined {
  const node = member(root, name)
  return node === undefined ? undefined : { node, value: readBy(schema, node) }
}

function whole<T>(root: SourceNode, name: string, schema: z.ZodType<T>, empty: unknown): T {
  const node = member(root, name)
  return (node === undefined ? undefined : readBy(schema, node)) ?? schema.parse(empty)
}

function member(root: SourceNode, name: string): SourceNode | undefined {
  return root.members().find((node) => node.name === name)
}
