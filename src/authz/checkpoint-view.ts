import type { Principal } from '../authn/index.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import { rewritePath } from '../plan/rewrite-path.ts'
import type { Applicant } from './authorize.ts'
import type { Passed } from './pass-checkpoints.ts'
import type { Passage } from './permit.ts'
import { RequestView, viewOf, type FieldsAndQuery } from './request-view.ts'

/** What the backend would get of a request that has passed so much: whoever forwards it knows. */
export type Preview = (passage: Passage, applicant: Applicant, requestId: string) => FieldsAndQuery

/**
 * The request as a checkpoint sees it. The gateway's sees the client's. That of a backend sees what the gateway would
 * send: without the tokens that it takes off, with all that it says, under the host and the path that it asks for.
 */
export function viewAt(
  { behind }: Checkpoint,
  applicant: Applicant,
  principal: Principal | undefined,
  passed: Passed,
  preview: (passage: Passage) => FieldsAndQuery,
): RequestView {
  const { request, path, query, route, cover } = applicant
  const { authority, headers } = request
  if (behind === undefined) return viewOf({ authority, path }, { headers, query }, route.reserved.header)
  const asked = {
    authority: behind.host ?? authority,
    path: behind.basePath + rewritePath(path, route.pathRewrites),
  }
  return new RequestView(asked, () => preview({ route, cover, principal, passed }))
}
