import { readDocuments } from '../../src/dialects/document.ts'
import { SourceNode } from '../../src/dialects/source-node.ts'
import type { Problem } from '../../src/errors/problem.ts'
import { readConfiguration, type ConfigurationReading } from '../../src/config/index.ts'

/** The one document of a YAML text, and what is reported about it. */
export function nodeOf(text: string): { readonly node: SourceNode; readonly problems: Problem[] } {
  const problems: Problem[] = []
  const [document] = readDocuments('test.yaml', text, problems)
  if (document === undefined) throw new Error(`no document: ${JSON.stringify(problems)}`)
  return { node: SourceNode.root(document), problems }
}

/** `line severity: message` of each problem, which is all that most tests are about. */
export function briefly(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ line, severity, message }) => `${line} ${severity}: ${message}`)
}

/** A public key that nobody has the private half of (RFC 8037, appendix A.2). */
export const ED_JWK = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

/** Reads a configuration from texts; `main.yaml` is the one that is served. */
export function readTexts(
  files: Readonly<Record<string, string>>,
  entry: { readonly backends?: readonly string[]; readonly listen?: string } = {},
): Promise<ConfigurationReading> {
  return readConfiguration(
    { file: 'main.yaml', ...entry },
    {
      readFile: (path) => {
        const text = files[path]
        return text === undefined
          ? Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
          : Promise.resolve(text)
      },
    },
  )
}
