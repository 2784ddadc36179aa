import type { z } from 'zod'
import type { VerificationKey } from '../../jwt/index.ts'
import type { KeySourceSpec } from '../../keys/index.ts'
import type { FileReader, ReadFile } from '../compiled.ts'
import { readDocuments } from '../document.ts'
import { checkKeysTogether, readJwks, readPemKey } from '../key-material.ts'
import { SourceNode } from '../source-node.ts'
import type { authenticationSchema } from './authentication-schema.ts'
import type { keySourceSchema } from './key-source-schema.ts'
import { placedItems } from './placed-items.ts'
import { FETCHED_ONLY, readKeySource } from './read-key-source.ts'

type KeySource = z.output<typeof keySourceSchema>

/** The keys of an authentication that stand in its configuration, and where others are fetched from. */
export interface ReadKeys {
  readonly keys: readonly VerificationKey[]
  readonly keySources: readonly KeySourceSpec[]
}

/** Gathers the keys of one authentication from all its sources. What is wrong with them is reported where it stands. */
export async function readKeys(
  name: string,
  authentication: SourceNode,
  { keys: sources, issuer }: z.output<typeof authenticationSchema>,
  files: FileReader,
): Promise<ReadKeys> {
  const keys: VerificationKey[] = []
  const keySources: KeySourceSpec[] = []
  for (const [index, { node, value }] of placedItems(authentication, 'keys', sources).entries()) {
    if (value.url === undefined && value.discovery === undefined) {
      keys.push(...(await readSource(node, value, files)))
    } else {
      const source = sources.length === 1 ? name : `${name}[${index}]`
      const spec = await readKeySource({ name: source, node, value, issuer }, files)
      if (spec !== undefined) keySources.push(spec)
    }
  }
  checkKeysTogether(authentication.find('keys') ?? authentication, keys)
  return { keys, keySources }
}

async function readSource(
  node: SourceNode,
  source: KeySource,
  files: FileReader,
): Promise<readonly VerificationKey[]> {
  const pem = node.find('pem') ?? node.find('pemFile')
  checkSettings(node, pem, source)
  if (source.jwks !== undefined) return readJwks(node.find('jwks') ?? node)
  if (source.pem !== undefined) return readPemSource(pem ?? node, source.pem, source)
  const reference = pem ?? node.find('jwksFile') ?? node
  const file = await files.read(node.document.file, source.pemFile ?? source.jwksFile ?? '')
  if ('failed' in file) {
    reference.error(file.failed)
    return []
  }
  return source.pemFile === undefined
    ? readKeySetFile(reference, file)
    : readPemSource(reference, file.text, source)
}

function checkSettings(node: SourceNode, pem: SourceNode | undefined, { kid, alg }: KeySource): void {
  for (const setting of FETCHED_ONLY)
    node
      .find(setting)
      ?.error(`\`${setting}\` is for keys that are fetched`, 'leave it out, or write `url` or `discovery`')
  if (pem === undefined && (kid !== undefined || alg !== undefined)) {
    node.error(
      '`kid` and `alg` are for `pem` and `pemFile`',
      'in a key set each key has its own; write them there',
    )
  }
}

function readPemSource(node: SourceNode, text: string, { kid, alg }: KeySource): readonly VerificationKey[] {
  const key = readPemKey(node, text, kid, alg)
  return key === undefined ? [] : [key]
}

/** Problems within the file carry the lines of that file. */
function readKeySetFile(reference: SourceNode, { file, text }: ReadFile): readonly VerificationKey[] {
  const { problems } = reference.document
  const before = problems.length
  const [document, second] = readDocuments(file, text, problems)
  if (document !== undefined && second === undefined) return readJwks(SourceNode.root(document))
  if (problems.length === before) reference.error(`\`${file}\` does not hold one key set`)
  return []
}
