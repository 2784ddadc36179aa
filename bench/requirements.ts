import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that a row needs, and the Debian package that brings it. */
export const PACKAGES = {
  wrk: 'wrk',
  nginx: 'nginx',
  haproxy: 'haproxy',
  openssl: 'openssl',
  taskset: 'util-linux',
  setpriv: 'util-linux',
} as const satisfies Readonly<Record<string, string>>
export type Program = keyof typeof PACKAGES

/** Where Debian puts daemons; the path of an ordinary user does not hold it. */
const DAEMON_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/** The programs that this machine has, with their files. */
export function findPrograms(path: string): ReadonlyMap<string, string> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...DAEMON_FOLDERS]
  const found = new Map<string, string>()
  for (const name of Object.keys(PACKAGES)) {
    const file = folders.map((folder) => join(folder, name)).find(executable)
    if (file !== undefined) found.set(name, file)
  }
  return found
}

/** Says what to install for what is missing, or undefined where nothing is. */
export function missing(needs: readonly Program[], found: ReadonlyMap<string, string>): string | undefined {
  const absent = needs.filter((name) => !found.has(name))
  if (absent.length === 0) return undefined
  const packages = new Set(absent.map((name) => PACKAGES[name]))
  return `needs ${absent.join(', ')}: Debian package ${[...packages].join(', ')}`
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
