/** The parts of JSON Schema that the configuration's schema is made of. */
export interface Schema {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

/** A table of settings: what they stand under, and the object that has them. */
interface Section {
  readonly path: string
  readonly description: string | undefined
  readonly schema: Schema
}

const INTRODUCTION = `# Configuration

<!-- Written by tools/generate-schema.ts from the schema in src/dialects/native; change it there. -->

A \`claimgate.yaml\` (or the same as JSON) says where the gateway listens, which backends it stands before, how tokens are
verified and which requests need one. \`claimgate check\` reads it, reports everything that is wrong or weak in one run, and
starts nothing. This is a whole one:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/claimgate/schema/claimgate.schema.json
version: 1
listeners:
  - address: 127.0.0.1:8080
backends:
  orders: { url: http://127.0.0.1:9000 }
authentications:
  main:
    issuer: https://issuer.example
    audiences: orders
    keys: { jwksFile: ./jwks.json }
    forward:
      - { claim: sub, header: X-User }
routes:
  - path: /orders/*
    backend: orders
    auth: { use: main, mode: whitelist, paths: [/orders/health] }
\`\`\`

- Durations are written \`500ms\`, \`60s\`, \`5m\`, \`1h\`; sizes \`512B\`, \`64KiB\`, \`1MiB\`.
- Files are named relative to the file that names them.
- In every text, \`\${NAME}\` stands for an environment variable, \`\${NAME:-default}\` for one with a default, and \`$\${\` for
  the characters themselves.
- A setting that is not in these tables is an error, and so is a name that stands twice.
- A path pattern is a path (\`/a\`, which is not \`/a/\`) or the beginning of one with a final \`*\` (\`/a/*\`). A host pattern is
  a name, \`*.example.com\` for all names under it, or \`*\`.
- Files of Function Compute and of gateway authentication rules are read as they are: see \`import\`.
- A character and its escape are one in a path: routes of \`/$a\` and of \`/%24a\` are routes of one path.
- Where several routes of a host match a path, the most specific path pattern decides, and what its routes need is
  needed. If they do not take the method, the answer is 405, and never a less specific route.
- A route without \`auth\` that no rule covers is an error: write \`auth: none\` where nobody needs a token.

## What is reloaded

The files are watched, and read again when one changes. Routes, rules, authentications with their keys, backends, imports,
\`trustedProxies\` and \`http\` are swapped in whole, without a restart; so are \`maxTokenBytes\` and \`maxFormBytes\`. A file
with errors changes nothing: the last good configuration serves on. What changes while the files are read is read once,
right after, and a gateway that stops reads no more. These are read once, and need a restart:
\`listeners\` (but for the content of their certificate files), \`admin\`, \`timeouts\`, \`log\`, \`engine\`, \`workers\`, and of
\`limits\` the settings \`maxHeadBytes\`, \`maxHeaders\` and \`maxConnections\`.
`

/** The page about all settings of the native configuration, in Markdown. */
export function configurationPage(schema: Schema): string {
  return `${INTRODUCTION}${sections(schema).map(sectionText).join('')}`
}

function sections(root: Schema): readonly Section[] {
  const found: Section[] = [{ path: '', description: undefined, schema: root }]
  const descend = (schema: Schema, path: string): void => {
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      const here = path === '' ? name : `${path}.${name}`
      for (const { suffix, object } of objectsIn(member)) {
        const section = { path: `${here}${suffix}`, description: member.description, schema: object }
        found.push(section)
        descend(object, section.path)
      }
    }
  }
  descend(root, '')
  return found
}

/** The objects that a value may be or hold, each form once: `[]` for items of a list, `.<name>` for named members. */
function objectsIn(schema: Schema): readonly { readonly suffix: string; readonly object: Schema }[] {
  if (schema.properties !== undefined) return [{ suffix: '', object: schema }]
  if (schema.items !== undefined)
    return objectsIn(schema.items).map(({ suffix, object }) => ({ suffix: `[]${suffix}`, object }))
  if (typeof schema.additionalProperties === 'object') {
    return objectsIn(schema.additionalProperties).map(({ suffix, object }) => ({
      suffix: `.<name>${suffix}`,
      object,
    }))
  }
  const [first] = (schema.anyOf ?? []).flatMap(objectsIn)
  return first === undefined ? [] : [first]
}

function sectionText({ path, description, schema }: Section): string {
  const title = path === '' ? '## The file' : `## \`${path}\``
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== '$schema')
    .map(([name, member]) => row(name, member, schema.required?.includes(name) === true))
  const intro = description === undefined ? '' : `${description}\n\n`
  return `\n${title}\n\n${intro}| setting | value | default | meaning |\n|---|---|---|---|\n${rows.join('')}`
}

function row(name: string, schema: Schema, isRequired: boolean): string {
  const otherwise = isRequired
    ? '**required**'
    : schema.default === undefined
      ? '–'
      : `\`${compact(schema.default)}\``
  return `| \`${name}\` | ${cell(typeOf(schema))} | ${cell(otherwise)} | ${cell(schema.description ?? '')} |\n`
}

function typeOf(schema: Schema): string {
  if (schema.title !== undefined && schema.type === 'string') return schema.title
  if (schema.const !== undefined) return `\`${compact(schema.const)}\``
  // A number in YAML and the text of it are one choice to a person.
  if (schema.enum !== undefined)
    return [...new Set(schema.enum.map(String))].map((each) => `\`${each}\``).join(', ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.type === 'array') return `list of ${plural(typeOf(schema.items ?? {}))}`
  if (schema.type === 'object') {
    return typeof schema.additionalProperties === 'object' && schema.properties === undefined
      ? 'named settings'
      : 'settings'
  }
  return (
    { string: 'text', integer: 'number', boolean: '`true`, `false`' }[schema.type ?? ''] ??
    schema.type ??
    'anything'
  )
}

function plural(kind: string): string {
  if (kind === 'text' || kind.endsWith('s')) return kind
  return kind.endsWith('ss') ? `${kind}es` : `${kind}s`
}

function compact(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
