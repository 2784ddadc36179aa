import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Whether sources are newer than the build beside them; false where there are no sources. */
export function staleBuild(claimgate: string): boolean {
  const root = dirname(dirname(claimgate))
  try {
    const built = statSync(join(root, 'dist', 'cli', 'main.js')).mtimeMs
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    return sources
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .some((file) => statSync(join(root, 'src', file)).mtimeMs > built)
  } catch {
    return false
  }
}
