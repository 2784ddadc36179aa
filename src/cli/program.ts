import { Command, InvalidArgumentError, Option } from 'commander'
import { MAX_WORKERS } from '../dialects/native/max-workers.ts'
import type { ExplainOptions } from './commands/explain.ts'
import { parseDuration } from '../kernel/duration.ts'
import type { KeysWatchOptions } from './commands/keys-watch.ts'
import type { ExitCode, Terminal } from './terminal.ts'

const EXAMPLES = `
Examples:
  claimgate demo
      see it work, with nothing prepared
  claimgate check claimgate.yaml
      find every mistake without starting anything
  claimgate serve claimgate.yaml
      run the gateway
  claimgate serve s.yaml --backend http://127.0.0.1:9000
      run a Function Compute configuration as it is
  claimgate serve ./mesh --backend http://127.0.0.1:9000
      run Istio's RequestAuthentication and AuthorizationPolicy as they are
  claimgate explain claimgate.yaml http://api.example.com/orders --token eyJ…
      what would happen to this request, and why
`

const SERVE_NOTES = `
The access log goes to the standard output, one JSON object a line; messages for people go to the standard error.
Ctrl-C or SIGTERM lets requests under way finish, a second one ends them. SIGHUP reads the configuration again, and
fetches keys anew.

Exit: 0 stopped, 1 the configuration has errors, an address cannot be listened on, or the workers keep ending.
`

const CHECK_NOTES = `
Errors keep the gateway from starting. Warnings do not: they say what is weak, what was silently read in another way,
and what of another product is not carried over.

Exit: 0 no errors, 1 errors.
`

const EXPLAIN_NOTES = `
Examples:
  claimgate explain claimgate.yaml http://127.0.0.1:8080/orders -t eyJ…
  claimgate explain claimgate.yaml /orders -H 'Host: api.example.com' -H 'Cookie: session=eyJ…'
  claimgate explain claimgate.yaml --curl -
      then paste what the browser's "Copy as cURL" gave, and press Ctrl-D
  claimgate explain claimgate.yaml /orders -t eyJ… --at 2026-01-31T12:00:00Z
      what it was like at that time
  claimgate explain mesh/ /reviews --backend http://127.0.0.1:9000 --principal cluster.local/ns/foo/sa/sleep
      what policies say to this workload

Nothing is sent and nothing is logged, but what the token says is printed: it is for the token's holder.

Exit: 0 forwarded, 1 refused, 2 it cannot be said (such as a configuration with errors).
`

const KEYS_LIST_NOTES = `
Nothing is kept, and a gateway that runs is not asked: it is the source itself that is.

Exit: 0 each source has a usable key, 1 one has none, 2 no source is named.
`

const KEYS_WATCH_NOTES = `
Examples:
  claimgate keys watch claimgate.yaml
      then rotate the keys of the issuer, and see what gateways will see
  claimgate keys watch https://idp.example.com/jwks.json --every 2s --for 10m
      for a pipeline: its exit code tells whether the rotation refuses tokens that are good

Exit: 0 no change refused tokens that were good, 1 one did or a source could not be fetched, 2 no source is named.
`

export interface ProgramSettings {
  readonly terminal: Terminal
  readonly version: string
  /** Takes the exit code of the command that ran. */
  readonly end: (code: ExitCode) => void
}

/** The commands with their options and their help. What a command needs is loaded when it runs. */
export function createProgram({ terminal, version, end }: ProgramSettings): Command {
  const root = new Command('claimgate')
    .description(
      'A gateway that verifies the JSON Web Token of each request, forwards its claims, and explains every refusal.',
    )
    .version(version)
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('hint: see --help')
    .exitOverride()
    .addHelpText('after', EXAMPLES)

  configured(root.command('serve'))
    .description('run the gateway; it reloads when a file of the configuration changes')
    .option('--workers <number>', 'how many processes serve, or `auto` for one on each core', workers)
    .addHelpText('after', SERVE_NOTES)
    .action(async (file: string, options) => {
      const { serveCommand } = await import('./commands/serve.ts')
      end(await serveCommand(file, options, terminal))
    })

  configured(root.command('check'))
    .description('report every mistake and weakness of a configuration, and which requests need a token')
    .option('--plan', 'print the plan that it compiles to, as JSON without secrets')
    .addHelpText('after', CHECK_NOTES)
    .action(async (file: string, options) => {
      const { checkCommand } = await import('./commands/check.ts')
      end(await checkCommand(file, options, terminal))
    })

  addExplain(root, terminal, end)

  addKeys(root, terminal, end)

  root
    .command('schema')
    .description('print the JSON Schema of claimgate.yaml, for editors')
    .action(async () => {
      const { schemaCommand } = await import('./commands/schema.ts')
      end(schemaCommand(terminal))
    })

  root
    .command('demo')
    .description('start a gateway with keys, a function and requests to try, all made on the spot')
    .option('--port <port>', 'the port to listen on; 8080 if it is free', port)
    .action(async (options) => {
      const { demoCommand } = await import('./commands/demo.ts')
      end(await demoCommand(options, terminal))
    })

  return root
}

function addKeys(root: Command, terminal: Terminal, end: ProgramSettings['end']): void {
  const keys = root.command('keys').description('look at keys that are fetched, and rehearse a rotation')
  configured(keys.command('list'), KEYS_TARGET)
    .description('fetch each source of keys once, and print what it has')
    .addHelpText('after', KEYS_LIST_NOTES)
    .action(async (target: string, options) => {
      const { keysListCommand } = await import('./commands/keys-list.ts')
      end(await keysListCommand(target, options, terminal))
    })
  configured(keys.command('watch'), KEYS_TARGET)
    .description('print what changes while sources of keys rotate')
    .addOption(
      new Option('--every <duration>', 'how often each is fetched')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--for <duration>', 'end by itself after this time', duration)
    .addHelpText('after', KEYS_WATCH_NOTES)
    .action(async (target: string, options: KeysWatchOptions) => {
      const { keysWatchCommand } = await import('./commands/keys-watch.ts')
      end(await keysWatchCommand(target, options, terminal))
    })
}

function addExplain(root: Command, terminal: Terminal, end: ProgramSettings['end']): void {
  configured(root.command('explain'))
    .description('tell what would happen to a request, step by step and why, without sending it')
    .argument('[url]', 'the address that is asked for, or a path of the first listener')
    .option(
      '--curl <command>',
      'the request as a curl command, pasted whole; `-` reads it from the standard input',
    )
    .option('-X, --method <method>', 'the method; GET, or POST with a body')
    .addOption(repeated('-H, --header <line>', 'a header, `name: value`; may be repeated'))
    .option('-t, --token <token>', 'short for -H "Authorization: Bearer <token>"; `-` reads it as above')
    .option('-d, --data <body>', 'a body; a form unless a Content-Type is given')
    .option('--peer <address>', 'the address that the request comes from', '127.0.0.1')
    .option(
      '--principal <spiffe-name>',
      'as if a client certificate with this name had been verified: `cluster.local/ns/foo/sa/sleep`',
    )
    .option(
      '--server-name <name>',
      "the name that the client asks for in its TLS handshake; the address's if not given",
    )
    .option('--at <time>', 'decide as if it were then, such as 2026-01-31T12:00:00Z')
    .option('--json', 'print the decision as JSON')
    .addHelpText('after', EXPLAIN_NOTES)
    .action(async (file: string, url: string | undefined, options: ExplainOptions) => {
      const { explainCommand } = await import('./commands/explain.ts')
      end(await explainCommand(file, url === undefined ? options : { ...options, url }, terminal))
    })
}

const CONFIGURATION = ['<file>', 'the configuration: claimgate.yaml, or that of another product'] as const
const KEYS_TARGET = ['<file|url>', 'a configuration, or the URL of a key set or of metadata'] as const

function configured(command: Command, argument: readonly [string, string] = CONFIGURATION): Command {
  return command
    .argument(...argument)
    .addOption(
      repeated(
        '--backend <url>',
        'where requests go, for a configuration that names only functions: a URL or a module file; `function=url` for one of them; may be repeated',
      ),
    )
    .option(
      '--listen <address>',
      'where to listen, for a configuration that does not say; 127.0.0.1:8080 if not given',
    )
    .option(
      '--workload <namespace/labels>',
      'for policies of a service mesh, what the backend is: `foo/app=httpbin`; as the policies say if not given',
    )
    .option(
      '--gateway-workload <namespace/labels>',
      'the same of the gateway; `istio-system/app=istio-ingressgateway,istio=ingressgateway` if not given',
    )
}

function repeated(flags: string, description: string): Option {
  return (
    new Option(flags, description)
      // A default of its own would be printed as one; the types do not know that there is then no value at first.
      .argParser((value: string, all: readonly string[] | undefined) => [...(all ?? []), value])
  )
}

function duration(text: string): number {
  const parsed = parseDuration(text)
  if (!parsed.ok) throw new InvalidArgumentError(parsed.error)
  if (parsed.value < 100) throw new InvalidArgumentError('100ms is the least')
  // A timer takes no more, and would be over at once.
  if (parsed.value > 24 * 86_400_000) throw new InvalidArgumentError('24d is the most')
  return parsed.value
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535')
  return value
}

function workers(text: string): number | 'auto' {
  const value = Number(text)
  if (text === 'auto') return text
  if (!/^\d+$/.test(text) || value < 1 || value > MAX_WORKERS)
    throw new InvalidArgumentError(`write a number from 1 to ${MAX_WORKERS}, or \`auto\``)
  return value
}
