/** Options with a value that change nothing of the request itself. */
export const IGNORED_WITH_VALUE: ReadonlySet<string> = new Set([
  '-o',
  '--output',
  '-w',
  '--write-out',
  '-m',
  '--max-time',
  '--max-redirs',
  '--connect-timeout',
  '--connect-to',
  '--limit-rate',
  '--retry',
  '--retry-delay',
  '--retry-max-time',
  '--cacert',
  '--capath',
  '--cert',
  '-E',
  '--key',
  '--ciphers',
  '--tls-max',
  '--resolve',
  '--interface',
  '-x',
  '--proxy',
  '--proto',
  '-D',
  '--dump-header',
  '-c',
  '--cookie-jar',
  '--stderr',
  '--trace',
  '--trace-ascii',
])

/** Other names of options that are read. */
export const SAME_AS: Readonly<Record<string, string>> = {
  '-X': '--request',
  '-H': '--header',
  '-d': '--data',
  '--data-ascii': '--data',
  '--data-binary': '--data',
  '-F': '--form',
  '--form-string': '--form',
  '-b': '--cookie',
  '-u': '--user',
}

/** Options whose value is that of a field. */
export const FIELD_OPTIONS: Readonly<Record<string, string>> = {
  '-A': 'User-Agent',
  '--user-agent': 'User-Agent',
  '-e': 'Referer',
  '--referer': 'Referer',
}

/** Short options without a value that change nothing here; curl lets them stand together (`-sSk`). */
export const SHORT_FLAGS = 'sSkvifLNgORJ0123456#jqa'

const LONG_FLAGS: ReadonlySet<string> = new Set([
  '--silent',
  '--show-error',
  '--insecure',
  '--verbose',
  '--include',
  '--show-headers',
  '--fail',
  '--fail-early',
  '--fail-with-body',
  '--location',
  '--no-buffer',
  '--no-progress-meter',
  '--progress-bar',
  '--globoff',
  '--compressed',
  '--ipv4',
  '--ipv6',
  '--path-as-is',
  '--remote-name',
  '--retry-all-errors',
  '--retry-connrefused',
  '--ssl-no-revoke',
  '--no-keepalive',
  '--disable',
])

export function isFlag(name: string): boolean {
  if (!name.startsWith('--')) return Array.from(name.slice(1)).every((letter) => SHORT_FLAGS.includes(letter))
  return LONG_FLAGS.has(name) || /^--(?:http|tlsv)[\d.]{1,5}$/.test(name)
}

/** `-XPOST` → `-X POST`, `--header=x` → `--header x`, `-sSH x` → `-s -S -H x`. */
export function separateOptions(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const long = /^(--[a-z0-9-]+)=(.*)$/s.exec(word)
    if (long?.[1] !== undefined) return [long[1], long[2] ?? '']
    if (!/^-[^-]/.test(word)) return [word]
    const letters = word.slice(1)
    const valued = Array.from(letters).findIndex((letter) => !`${SHORT_FLAGS}IG`.includes(letter))
    const flags = Array.from(valued === -1 ? letters : letters.slice(0, valued)).map((flag) => `-${flag}`)
    if (valued === -1) return flags
    const value = letters.slice(valued + 1)
    return [...flags, `-${letters[valued] ?? ''}`, ...(value === '' ? [] : [value])]
  })
}
