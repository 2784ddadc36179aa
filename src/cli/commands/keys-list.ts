import { shownUrl, type FetchedSource } from '../../keys/index.ts'
import { fetchOnce } from '../keys/fetched-sources.ts'
import { failureLines, keyText, spanText } from '../keys/key-text.ts'
import { sourcesOf } from '../keys/sources-of.ts'
import type { ConfigurationOptions } from '../load-configuration.ts'
import { paint, printable, type ExitCode, type Terminal } from '../terminal.ts'

/** Fetches each source of keys once and prints what it has: exit 0, 1 where one has no usable key, 2 where none is named. */
export async function keysListCommand(
  target: string,
  options: ConfigurationOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const specs = await sourcesOf(target, options, terminal)
  if (specs === undefined) return 2
  const { sources } = await fetchOnce(specs)
  for (const source of sources) terminal.out(textOf(source, terminal))
  return sources.every(({ held }) => held !== undefined && held.keys.length > 0) ? 0 : 1
}

function textOf(source: FetchedSource, terminal: Terminal): string {
  const { spec, held } = source
  const heading = `${paint(terminal, 'bold', printable(spec.name))}  ${printable(shownUrl(spec.url))}`
  const lines =
    held === undefined
      ? failureLines(terminal, source)
      : [
          ...held.keys.map(({ key }) => printable(keyText(key))),
          ...held.skipped.map(
            ({ message }) => `${paint(terminal, 'yellow', 'skipped:')} ${printable(message)}`,
          ),
          ...(held.keys.length === 0
            ? [paint(terminal, 'red', 'no usable key: every token is refused')]
            : []),
          paint(
            terminal,
            'dim',
            `to be fetched again within ${spanText(held.freshUntilMs - held.fetchedAtMs)}`,
          ),
        ]
  return `${[heading, ...lines.map((line) => `  ${line}`)].join('\n')}\n`
}
