/** Istio's RequestAuthentication and AuthorizationPolicy, with what they need of ServiceEntry and DestinationRule. */
export { compileMesh, type MeshWorkload } from './compile.ts'
export { readMesh } from './read.ts'
export type { MeshResources } from './schema.ts'
