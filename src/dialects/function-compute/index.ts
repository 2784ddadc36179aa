/** Function Compute's HTTP triggers and custom domains. */
export { compileFunctionCompute, functionNames, type FunctionPlacement } from './compile.ts'
export { readFunctionCompute } from './read.ts'
