import { readdirSync, readFileSync } from 'node:fs';

export function statOf(pid: number): { state: string; ppid: number } | null {
  try {
    const [state = '', ppid] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return { state, ppid: Number(ppid) };
  } catch {
    return null;
  }
}

/** False for zombies, which only wait to be asked how they ended. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== 'Z';
}

/** Its living children. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && statOf(pid)?.ppid === parent && isAlive(pid));
}
