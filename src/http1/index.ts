export type { BodyDecoder, BodySink } from './body-decoder.ts'
export { createBodyDecoder } from './body.ts'
export { FieldList, NO_FIELD_LIST } from './field-list.ts'
export { isFieldValue, isToken } from './char-class.ts'
export { NO_FIELDS, type WireFields } from './fields.ts'
export type { BodyFraming } from './framing.ts'
export { HeadReader, type HeadGrammar } from './head-reader.ts'
export { isHost } from './host.ts'
export { DEFAULT_HTTP_LIMITS, type HttpLimits } from './limits.ts'
export { HTTP_PROBLEMS, type HttpProblem, type HttpProblemReason, type HttpProblemStatus } from './problem.ts'
export { RequestGrammar, type RequestHead } from './request-head.ts'
export { ResponseGrammar, responseFraming, type ResponseHead } from './response-head.ts'
export {
  CHUNK_END,
  chunkStart,
  LAST_CHUNK,
  serializeRequestHead,
  serializeResponseHead,
  type RequestBodyLength,
} from './serialize.ts'
