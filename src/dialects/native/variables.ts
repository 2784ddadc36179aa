import { SourceNode } from '../source-node.ts'

/** The environment, given as an argument by whoever may read it. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Puts the values of variables into all texts of a document: `${NAME}`, `${NAME:-default}`, and `$${` for the characters
 * themselves. What comes out is always text and is never read as YAML. A variable that is not set is an error.
 */
export function expandVariables(root: SourceNode, environment: Environment): SourceNode {
  return new SourceNode(root.document, root.path, expand(root, environment))
}

function expand(node: SourceNode, environment: Environment): unknown {
  if (typeof node.value === 'string')
    return node.value.includes('${') ? expandText(node, node.value, environment) : node.value
  if (node.isList()) return node.items().map((item) => expand(item, environment))
  if (!node.isObject()) return node.value
  return Object.fromEntries(node.members().map((member) => [member.name, expand(member, environment)]))
}

function expandText(node: SourceNode, text: string, environment: Environment): string {
  return text.replaceAll(/\$?\$\{([^}]*)(\}?)/g, (whole: string, inside: string, end: string) => {
    if (whole.startsWith('$$')) return whole.slice(1)
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside)
    if (end === '' || match?.[1] === undefined) {
      node.error(
        `\`${node.name}\` holds a \`\${\` that is no variable`,
        'write `${NAME}`, or `$${` for the characters themselves',
      )
      return whole
    }
    const value = Object.hasOwn(environment, match[1]) ? environment[match[1]] : undefined
    // As in a shell, `:-` stands in for what is empty, too.
    if (value !== undefined && (value !== '' || match[2] === undefined)) return value
    if (match[2] !== undefined) return match[2]
    node.error(
      `the environment variable \`${match[1]}\` is not set`,
      `set it, or write a default: \`\${${match[1]}:-…}\``,
    )
    return whole
  })
}
