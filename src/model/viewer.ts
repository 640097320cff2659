/** Who is told something. Who sees everything, a user who sees what is his, or somebody who is not known and sees nothing. */
export type Viewer = { kind: 'all' } | { kind: 'user'; uid: number } | { kind: 'none' };
