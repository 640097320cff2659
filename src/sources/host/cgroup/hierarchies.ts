import type { Mount } from '../filesystems/mounts.js';

/** Where one controller's files are, and in which form. */
export interface Hierarchy {
  dir: string;
  version: 1 | 2;
}

export interface Hierarchies {
  memory: Hierarchy | null;
  /** Of CPU time: cgroup v1 calls it `cpuacct`. */
  cpu: Hierarchy | null;
  pids: Hierarchy | null;
}

/**
 * v1 has a tree for each controller, v2 one for all, hybrid systems both: a controller that is mounted in v1 is
 * not in v2. Null where none of the three is mounted.
 */
export function findHierarchies(mounts: readonly Mount[]): Hierarchies | null {
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const find = (controller: string): Hierarchy | null => {
    const v1 = mounts.find(({ type, super_options }) => type === 'cgroup' && super_options.has(controller));
    if (v1 !== undefined) return { dir: v1.mount, version: 1 };
    return unified === undefined ? null : { dir: unified.mount, version: 2 };
  };
  const found = { memory: find('memory'), cpu: find('cpuacct'), pids: find('pids') };
  return (found.memory ?? found.cpu ?? found.pids) ? found : null;
}
