import { refuse, type Refusal } from '../errors/refusal.ts'
import { readBody, type Exchange } from '../inbound/exchange.ts'
import { parseForm, type Form, type FormType } from '../inbound/fields/form.ts'
import { err, ok, type Result } from '../kernel/result.ts'

/** Reads the form in a request's body, at most `maxBytes` of it; `done` is called once. */
export function readForm(
  exchange: Exchange,
  type: FormType,
  maxBytes: number,
  done: (form: Result<Form | undefined, Refusal>) => void,
): void {
  void readBody(exchange.body, maxBytes).then((body) =>
    done(body.ok ? formOf(exchange.request.method, type, body.value, maxBytes) : body),
  )
}

/** Methods whose empty body is an empty form, to which claims can be added; a GET stays without a body. */
const METHODS_WITH_FORMS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** The form that a whole body is; undefined where there is none. */
export function formOf(
  method: string,
  type: FormType,
  body: Buffer,
  maxBytes: number,
): Result<Form | undefined, Refusal> {
  if (body.length > maxBytes) return err(refuse('GW_REQUEST_BODY_TOO_LARGE', 'form-too-large'))
  if (body.length === 0 && (type.kind === 'multipart' || !METHODS_WITH_FORMS.has(method)))
    return ok(undefined)
  return parseForm(type, body)
}
