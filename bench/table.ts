/** A table in Markdown whose columns also stand in line on a terminal: `texts` columns of words, then figures. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0
    return column < texts ? cell.padEnd(width) : cell.padStart(width)
  }
  const line = (cells: readonly string[]): string =>
    `| ${head.map((_, column) => pad(cells[column] ?? '', column)).join(' | ')} |`
  const rule = widths.map((width, column) =>
    column < texts ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  )
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')
}
