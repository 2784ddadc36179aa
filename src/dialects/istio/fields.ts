import type { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'

/**
 * The members of an object by their exact names, as Kubernetes has them. A name that is not known is an error: what
 * `notPaths` says must not be lost by a slip of the pen. So is one with nothing behind it, which would mean "any".
 */
export class Fields {
  readonly node: SourceNode
  readonly #members: ReadonlyMap<string, SourceNode>

  constructor(node: SourceNode, known: readonly string[]) {
    this.node = node
    const members = node.members()
    this.#members = new Map(members.map((member) => [member.name, member]))
    if (!node.isObject()) node.error(`${named(node)} must be an object, lines of \`name: value\``)
    for (const member of members) if (!known.includes(member.name)) refuseUnknown(member, known)
    for (const name of node.emptyMembers())
      node.error(`\`${name}\` has nothing behind it`, `write its value, or leave \`${name}\` out`)
  }

  get(name: string): SourceNode | undefined {
    return this.#members.get(name)
  }

  has(name: string): boolean {
    return this.#members.has(name)
  }

  /** A member that is an object. */
  object(name: string, known: readonly string[]): Fields | undefined {
    const node = this.get(name)
    return node === undefined ? undefined : new Fields(node, known)
  }

  /** The text of a member; undefined where it is missing and after an error. */
  text(name: string): string | undefined {
    return this.get(name)?.text()
  }

  flag(name: string): boolean | undefined {
    const node = this.get(name)
    if (node === undefined || typeof node.value === 'boolean') return node?.flag()
    node.error(`\`${name}\` must be true or false`)
    return undefined
  }

  /** The items of a list, or nothing; an error where it is none. */
  items(name: string): readonly SourceNode[] | undefined {
    const node = this.get(name)
    if (node === undefined) return undefined
    if (node.isList()) return node.items()
    node.error(`\`${name}\` must be a list`, 'start each item with `- `')
    return []
  }

  /** A list of texts that are not empty, each with its place. */
  texts(name: string): readonly PlacedText[] | undefined {
    return this.items(name)?.flatMap((node) => {
      const text = textOf(node, name)
      return text === undefined ? [] : [{ node, text }]
    })
  }
}

export interface PlacedText {
  readonly node: SourceNode
  readonly text: string
}

function textOf(node: SourceNode, list: string): string | undefined {
  if (typeof node.value !== 'string') {
    node.error(`an item of \`${list}\` must be text`, 'put the value in quotes')
    return undefined
  }
  if (node.value !== '') return node.value
  node.error(`an item of \`${list}\` is empty`)
  return undefined
}

function refuseUnknown(member: SourceNode, known: readonly string[]): void {
  const near = suggestion(member.name, known)
  member.error(
    `unknown field \`${member.name}\``,
    near === undefined ? `known here: ${known.join(', ')}` : `is \`${near}\` meant?`,
  )
}

function named(node: SourceNode): string {
  const name = node.path.findLast((part) => typeof part === 'string')
  return name === undefined ? 'the document' : `\`${name}\``
}
