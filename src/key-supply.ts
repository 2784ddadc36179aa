import { lstat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Configuration } from './config/index.ts'
import { fetchKeys, FolderKeyCache, KeyFetcher, mayOthersWrite } from './keys/index.ts'
import { systemClock } from './kernel/clock.ts'
import type { Log } from './telemetry/log.ts'

/** The one place of a gateway that fetches keys. */
export function startKeyFetcher(
  { server }: Configuration,
  log: Log,
  environment: Readonly<Record<string, string | undefined>>,
): KeyFetcher {
  const folder = cacheFolder(server.keyCache, environment)
  const cache =
    folder === undefined ? undefined : new FolderKeyCache(folder, (problem) => log.warn(problem), systemClock)
  return new KeyFetcher({ clock: systemClock, log, random: Math.random, fetch: fetchKeys, cache })
}

/**
 * The folder that the gateway would keep keys in, where it is there and others may write it: the gateway will not use it.
 * Whose it is is not looked at, since who checks a configuration may be another than who serves it.
 */
export async function openCacheFolder(
  { server }: Configuration,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const folder = cacheFolder(server.keyCache, environment)
  const stats = folder === undefined ? undefined : await lstat(folder).catch(() => undefined)
  return stats?.isDirectory() === true && mayOthersWrite(stats.mode) ? folder : undefined
}

/** As the XDG Base Directory Specification has it: a relative path there is as good as none. */
function cacheFolder(
  spec: Configuration['server']['keyCache'],
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (spec.kind !== 'default') return spec.kind === 'folder' ? spec.path : undefined
  const { XDG_CACHE_HOME: caches = '' } = environment
  return join(caches.startsWith('/') ? caches : join(homedir(), '.cache'), 'claimgate', 'keys')
}
