/** Who is told something. Who sees everything, a user who sees what is his, or somebody who is not known and sees nothing. */
export type Viewer = { kind: 'all' } | { kind: 'user'; uid: number } | { kind: 'none' };

/** `uid` null: what is the machine's is for everybody who is known. */
export function maySee(viewer: Viewer, uid: number | null): boolean {
  if (uid === null) return viewer.kind !== 'none';
  return viewer.kind === 'all' || (viewer.kind === 'user' && viewer.uid === uid);
}
