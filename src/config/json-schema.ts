import { z } from 'zod'
import { nativeSchema } from '../dialects/native/index.ts'

/** The JSON Schema (draft-07, which editors read) of a `claimgate.yaml`: every setting with its meaning and default. */
export function configurationSchema(): object {
  const schema = z.toJSONSchema(nativeSchema, { target: 'draft-7', io: 'input' })
  return { ...schema, title: 'Claimgate configuration' }
}
