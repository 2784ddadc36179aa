/** Global authentication rules of the cloud-native API gateway, as its API takes them. */
export { compileGatewayAuth } from './compile.ts'
export { readGatewayAuth } from './read.ts'
