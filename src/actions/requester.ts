import type { Requester } from '../model/action.js';

/**
 * Who may act on a process of `uid`: the daemon by its own rules, root, the owner, and the members of the
 * group `vigil` (`adminGid`, null where there is no such group).
 */
export function mayAct(requester: Requester, uid: number, adminGid: number | null): boolean {
  if (requester.kind === 'auto') return true;
  if (requester.uid === 0 || requester.uid === uid) return true;
  return adminGid !== null && (requester.gid === adminGid || requester.groups.includes(adminGid));
}

export function describeRequester(requester: Requester): string {
  return requester.kind === 'auto' ? 'vigil itself' : `uid ${requester.uid}`;
}
