import type { z } from 'zod'
import type { VerificationKey } from '../../jwt/index.ts'
import type { FileReader, ReadFile } from '../compiled.ts'
import { readDocuments } from '../document.ts'
import { checkKeysTogether, readJwks, readPemKey } from '../key-material.ts'
import { SourceNode } from '../source-node.ts'
import type { keySourceSchema } from './authentication-schema.ts'
import { placedItems } from './placed-items.ts'

type KeySource = z.output<typeof keySourceSchema>

/** Gathers the keys of one authentication from all its sources. What is wrong with them is reported where it stands. */
export async function readKeys(
  authentication: SourceNode,
  sources: readonly KeySource[],
  files: FileReader,
): Promise<readonly VerificationKey[]> {
  const keys: VerificationKey[] = []
  for (const { node, value } of placedItems(authentication, 'keys', sources)) {
    keys.push(...(await readSource(node, value, files)))
  }
  checkKeysTogether(authentication.find('keys') ?? authentication, keys)
  return keys
}

async function readSource(
  node: SourceNode,
  source: KeySource,
  files: FileReader,
): Promise<readonly VerificationKey[]> {
  const pem = node.find('pem') ?? node.find('pemFile')
  if (pem === undefined && (source.kid !== undefined || source.alg !== undefined)) {
    node.error(
      '`kid` and `alg` are for `pem` and `pemFile`',
      'in a key set each key has its own; write them there',
    )
  }
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
