/** What others than this user cannot write: a file or folder whose mode says so, and that is this user's. */
export function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  const user = process.getuid?.()
  // Windows has neither: there the folder's own permissions are the user's matter.
  return user === undefined || (uid === user && !mayOthersWrite(mode))
}

/** Whether the group or all may write what has this mode. */
export function mayOthersWrite(mode: number): boolean {
  return process.getuid !== undefined && (mode & OTHERS_WRITE) !== 0
}

const OTHERS_WRITE = 0o022
