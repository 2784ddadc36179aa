import type { Compiled, NameBook } from '../dialects/compiled.ts'
import { compileNative, httpSpec, readNative, type Environment } from '../dialects/native/index.ts'
import type { SourceNode } from '../dialects/source-node.ts'
import { compileServer } from './compile-server.ts'
import type { Draft } from './draft.ts'
import type { FileAccess } from './file-access.ts'
import { joinCompiled } from './join-compiled.ts'
import { readImport } from './read-import.ts'
import { readMeshImports } from './read-mesh.ts'

/** Reads a native configuration with its imports. */
export async function readNativeParts(
  root: SourceNode,
  listen: string | undefined,
  access: FileAccess,
  environment: Environment,
  names: NameBook,
): Promise<Draft> {
  const document = readNative(root, environment, listen)
  const own = await compileNative(document, access, names)
  const imported: Compiled[] = []
  for (const part of document.imports) imported.push(await readImport(part, document, access, names))
  const checkpoints = await readMeshImports(document, access)
  return {
    server: await compileServer(document, access),
    http: httpSpec(document),
    compiled: joinCompiled([own, ...imported]),
    checkpoints,
  }
}
