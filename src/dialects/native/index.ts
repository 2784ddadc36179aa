/** The gateway's own configuration, `claimgate.yaml`. */
export { compileNative, httpSpec } from './compile.ts'
export { compileBackend } from './compile-backend.ts'
export { readBackend, readNative, type NativeDocument } from './read.ts'
export { configurationSchema as nativeSchema } from './schema.ts'
export type { Environment } from './variables.ts'
