/** One sample of a scrape. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

/** A scrape, read. */
export interface Scrape {
  readonly families: readonly Family[]
  /** The one sample of this name with these labels and no others; undefined where it is not there. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** The sum of all samples of this name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

/**
 * Reads the text format of Prometheus, version 0.0.4, as its description has it, and throws at whatever it does not say:
 * each family once with HELP and TYPE before its samples, no sample twice, histograms whole and growing.
 */
export function readPrometheusText(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, { name: string; type: string; help: string; samples: Sample[] }>()
  const seen = new Set<string>()
  let current: { name: string; type: string; help: string; samples: Sample[] } | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([^ ]+) (.*)$/.exec(line)
    if (help !== null) {
      const name = help[1]!
      if (families.has(name)) throw new Error(`a second HELP of ${name}`)
      current = { name, type: '', help: unescape(help[2]!, '\\n'), samples: [] }
      families.set(name, current)
      continue
    }
    const type = /^# TYPE ([^ ]+) (counter|gauge|histogram|summary|untyped)$/.exec(line)
    if (type !== null) {
      if (current?.name !== type[1] || current!.type !== '') throw new Error(`TYPE out of place: ${line}`)
      current!.type = type[2]!
      continue
    }
    if (current === undefined || current.type === '') throw new Error(`a sample without a family: ${line}`)
    const sample = readSample(line)
    if (!belongs(sample.name, current)) throw new Error(`a sample of another family: ${line}`)
    const key = sample.name + labelKey(sample.labels)
    if (seen.has(key)) throw new Error(`a sample twice: ${line}`)
    seen.add(key)
    current.samples.push(sample)
  }
  for (const family of families.values()) checkFamily(family)
  const all = [...families.values()].flatMap(({ samples }) => samples)
  const having = (name: string, labels: Readonly<Record<string, string>>): readonly Sample[] =>
    all.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
  return {
    families: [...families.values()],
    value: (name, labels = {}) =>
      having(name, labels).find((sample) => Object.keys(sample.labels).length === Object.keys(labels).length)
        ?.value,
    sum: (name, labels = {}) => having(name, labels).reduce((sum, { value }) => sum + value, 0),
  }
}

/** The same for the same labels, in whatever order they stand. */
function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function belongs(name: string, { name: family, type }: { name: string; type: string }): boolean {
  return type === 'histogram'
    ? ['_bucket', '_sum', '_count'].some((suffix) => name === family + suffix)
    : name === family
}

function readSample(line: string): Sample {
  let at = 0
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(line)?.[0]
    if (found === undefined) throw new Error(`no ${pattern.source} at ${at} of: ${line}`)
    at += found.length
    return found
  }
  const name = take(NAME)
  const labels: Record<string, string> = {}
  if (line[at] === '{') {
    at++
    while (line[at] !== '}') {
      const label = take(LABEL_NAME)
      if (label in labels) throw new Error(`a label twice: ${line}`)
      take(/="/y)
      labels[label] = unescape(take(/(?:[^"\\]|\\.)*/y), '\\n"')
      take(/",?/y)
    }
    at++
  }
  take(/ /y)
  const number = line.slice(at)
  if (!NUMBER.test(number)) throw new Error(`no number: ${line}`)
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

/** `may` are the characters that may follow a backslash. */
function unescape(text: string, may: string): string {
  return text.replaceAll(/\\(.?)/gs, (_, character: string) => {
    if (character === '' || !may.includes(character)) throw new Error(`an escape that there is not: ${text}`)
    return character === 'n' ? '\n' : character
  })
}

function checkFamily({ name, type, samples }: Family): void {
  if (samples.length === 0) throw new Error(`${name} has no samples`)
  if (type === 'counter') {
    if (!name.endsWith('_total')) throw new Error(`the counter ${name} is no _total`)
    for (const { value } of samples) if (!(value >= 0)) throw new Error(`the counter ${name} is ${value}`)
  }
  if (type === 'histogram') checkHistogram(name, samples)
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { le: _le, ...others } = sample.labels
    const key = labelKey(others)
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('+Inf', 'Infinity')))
    if (bounds.some((bound, index) => Number.isNaN(bound) || bound <= (bounds[index - 1] ?? -Infinity)))
      throw new Error(`the buckets of ${name} do not ascend: ${bounds.join(' ')}`)
    if (buckets.some(({ value }, index) => value < (buckets[index - 1]?.value ?? 0)))
      throw new Error(`the buckets of ${name} do not hold those before`)
    const count = group.filter((sample) => sample.name === `${name}_count`)
    const sum = group.filter((sample) => sample.name === `${name}_sum`)
    if (bounds.at(-1) !== Infinity || count.length !== 1 || sum.length !== 1)
      throw new Error(`${name} is not whole`)
    if (buckets.at(-1)!.value !== count[0]!.value) throw new Error(`${name} has another count than buckets`)
  }
}
