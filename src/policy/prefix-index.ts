/** A prefix and what it stands for. */
export interface PrefixEntry<T> {
  readonly prefix: string
  readonly value: T
}

/** Numbers for each node of the trie. */
const WIDTH = 4
/** Where its children begin; they end where those of the next node begin. */
const CHILDREN = 0
/** Where the rest of its label begins in the text of all; it ends where that of the next node begins. */
const LABEL = 1
/** One more than the place of its values; 0 where no prefix ends here. */
const VALUES = 2
/** One more than the nearest node above that has values; 0 where there is none. */
const SHORTER = 3

/** Up to so many siblings are looked at one after another. */
const FEW = 8

/**
 * Values by prefix: a compressed trie, laid out breadth first in arrays of numbers. A look-up costs the length of the
 * path and touches little memory, whether there are ten prefixes or a hundred thousand: as objects and maps, a trie of
 * that size is out of the processor's caches wherever it is entered, four times for each step.
 */
export class PrefixIndex<T> {
  /** The first character of each node's label, siblings side by side and in order. */
  readonly #codes: Uint16Array
  readonly #nodes: Uint32Array
  /** What follows the first character, of all labels. */
  readonly #labels: string
  readonly #values: readonly (readonly T[])[]
  /** Of each list of values its first, which nearly always is the only one. */
  readonly #firsts: readonly T[]

  constructor(entries: Iterable<PrefixEntry<T>>) {
    const root = node<T>('', undefined)
    for (const { prefix, value } of entries) {
      const at = nodeFor(root, prefix)
      at.values ??= []
      at.values.push(value)
    }
    const order = breadthFirst(root)
    const nodes = new Uint32Array((order.length + 1) * WIDTH)
    const codes = new Uint16Array(order.length)
    const texts: string[] = []
    const values: (readonly T[])[] = []
    const alone = new Map<T, readonly T[]>()
    let [children, labels] = [1, 0]
    for (const { index, label, parent, children: own, values: here } of order) {
      const at = index * WIDTH
      nodes[at + CHILDREN] = children
      nodes[at + LABEL] = labels
      if (here !== undefined) nodes[at + VALUES] = values.push(shared(here, alone))
      nodes[at + SHORTER] = parent?.values === undefined ? shorterOf(nodes, parent) : parent.index + 1
      codes[index] = label.charCodeAt(0)
      const text = label.slice(1)
      texts.push(text)
      children += own?.size ?? 0
      labels += text.length
    }
    nodes.set([children, labels], order.length * WIDTH)
    this.#nodes = nodes
    this.#codes = codes
    this.#labels = texts.join('')
    this.#values = values
    this.#firsts = values.flatMap((each) => each.slice(0, 1))
  }

  /** The node of the longest prefix of the text that has values; -1 where none has. */
  longest(text: string): number {
    const nodes = this.#nodes
    const labels = this.#labels
    let at = 0
    let depth = 0
    let found = this.#hasValues(at) ? at : -1
    while (depth < text.length) {
      at = this.#childOf(at, text.charCodeAt(depth++))
      if (at < 0) return found
      const end = nodes[(at + 1) * WIDTH + LABEL] ?? 0
      for (let i = nodes[at * WIDTH + LABEL] ?? 0; i < end; i++) {
        if (labels.charCodeAt(i) !== text.charCodeAt(depth++)) return found
      }
      if (this.#hasValues(at)) found = at
    }
    return found
  }

  /** The node of the next shorter prefix that has values; -1 where none has. */
  shorter(at: number): number {
    return (this.#nodes[at * WIDTH + SHORTER] ?? 0) - 1
  }

  /** The values of one prefix, in their order. */
  valuesOf(at: number): readonly T[] {
    return this.#values[(this.#nodes[at * WIDTH + VALUES] ?? 0) - 1] ?? []
  }

  firstOf(at: number): T | undefined {
    return this.#firsts[(this.#nodes[at * WIDTH + VALUES] ?? 0) - 1]
  }

  #hasValues(at: number): boolean {
    return this.#nodes[at * WIDTH + VALUES] !== 0
  }

  /** The child whose label begins with the character; -1 where there is none. */
  #childOf(at: number, code: number): number {
    const codes = this.#codes
    let low = this.#nodes[at * WIDTH + CHILDREN] ?? 0
    let high = this.#nodes[(at + 1) * WIDTH + CHILDREN] ?? 0
    while (high - low > FEW) {
      const middle = (low + high) >>> 1
      if ((codes[middle] ?? 0) <= code) low = middle
      else high = middle
    }
    for (let child = low; child < high; child++) if (codes[child] === code) return child
    return -1
  }
}

/** A node while the trie is built: what its label adds to its parent's prefix, and the values of the prefix that ends there. */
interface Node<T> {
  label: string
  parent: Node<T> | undefined
  /** By the first character codes of their labels; most nodes are leaves. */
  children: Map<number, Node<T>> | undefined
  values: T[] | undefined
  /** In the order of the layout. */
  index: number
}

function node<T>(label: string, parent: Node<T> | undefined): Node<T> {
  return { label, parent, children: undefined, values: undefined, index: 0 }
}

/** The node of a prefix, made where there is none. */
function nodeFor<T>(root: Node<T>, prefix: string): Node<T> {
  let at = root
  let depth = 0
  while (depth < prefix.length) {
    const code = prefix.charCodeAt(depth)
    const children = (at.children ??= new Map())
    const child = children.get(code)
    if (child === undefined) {
      const leaf = node(prefix.slice(depth), at)
      children.set(code, leaf)
      return leaf
    }
    const common = commonLength(child.label, prefix, depth)
    at = common === child.label.length ? child : split(at, child, common)
    depth += common
  }
  return at
}

/** Puts a node between `child` and its parent that holds the first `length` characters of its label. */
function split<T>(parent: Node<T>, child: Node<T>, length: number): Node<T> {
  const between = node(child.label.slice(0, length), parent)
  parent.children?.set(child.label.charCodeAt(0), between)
  child.label = child.label.slice(length)
  child.parent = between
  between.children = new Map([[child.label.charCodeAt(0), child]])
  return between
}

function commonLength(label: string, text: string, at: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}

/** All nodes, those of one depth after those of the depth before, siblings by their characters. */
function breadthFirst<T>(root: Node<T>): readonly Node<T>[] {
  const order = [root]
  for (let i = 0; i < order.length; i++) {
    const children = order[i]?.children
    if (children === undefined) continue
    for (const [, child] of [...children].toSorted(([a], [b]) => a - b)) child.index = order.push(child) - 1
  }
  return order
}

/** A list of one value, as nearly all are, is one for all prefixes that stand for it alone. */
function shared<T>(values: readonly T[], alone: Map<T, readonly T[]>): readonly T[] {
  const [first, ...others] = values
  if (first === undefined || others.length > 0) return values
  const known = alone.get(first) ?? values
  alone.set(first, known)
  return known
}

/** What a parent without values, which is placed already, says of the nearest node above. */
function shorterOf<T>(nodes: Uint32Array, parent: Node<T> | undefined): number {
  return parent === undefined ? 0 : (nodes[parent.index * WIDTH + SHORTER] ?? 0)
}
