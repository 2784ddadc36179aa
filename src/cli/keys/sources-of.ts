import { KEY_SOURCE_DEFAULTS, type KeySourceSpec } from '../../keys/index.ts'
import { keySourcesOf } from '../../plan/key-sources.ts'
import { loadConfiguration, type ConfigurationOptions } from '../load-configuration.ts'
import { printError, type Terminal } from '../terminal.ts'

/** The sources that a command is about: those of a configuration, or one by its URL. Undefined after an error. */
export async function sourcesOf(
  target: string,
  options: ConfigurationOptions,
  terminal: Terminal,
): Promise<readonly KeySourceSpec[] | undefined> {
  if (/^https?:\/\//i.test(target)) return sourceAt(target, terminal)
  const configuration = await loadConfiguration(target, { ...options, warnings: false }, terminal)
  if (configuration === undefined) return undefined
  const sources = keySourcesOf(configuration.plan)
  if (sources.length > 0) return sources
  printError(
    terminal,
    'no keys are fetched by this configuration',
    'write `url` or `discovery` under `keys` of an authentication, or give a URL instead of the file',
  )
  return undefined
}

const WELL_KNOWN = /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)/

/** As a configuration that says no more than the URL would have it. */
function sourceAt(target: string, terminal: Terminal): readonly KeySourceSpec[] | undefined {
  const url = URL.parse(target)
  if (url === null || url.username !== '' || url.password !== '') {
    printError(terminal, `\`${target}\` is not a URL of keys`, 'write one without user and password')
    return undefined
  }
  return [
    {
      ...KEY_SOURCE_DEFAULTS,
      name: url.host,
      url: url.href,
      // Metadata are checked against the issuer that their own address says.
      issuer: WELL_KNOWN.test(url.pathname)
        ? `${url.origin}${url.pathname.replace(WELL_KNOWN, '')}`
        : undefined,
      kid: undefined,
      alg: undefined,
      redirectHosts: [],
      allowedAddresses: [],
      endpoints: [],
      tls: undefined,
      keepAmbiguous: false,
    },
  ]
}
