import { accessSync, constants } from 'node:fs';
import { distrustOfProgram } from './trusted-path.js';

/** Where a system keeps its programs; the last is NixOS'. Never `PATH`, which whoever starts us chooses. */
const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/run/current-system/sw/bin'];

/**
 * The program of that name which nobody but root, or we ourselves, could have put there; null: there is none.
 * `isFit`: whether it is one that can do what is wanted.
 */
export function findProgram(
  name: string,
  {
    folders = SYSTEM_FOLDERS,
    isFit = () => true,
  }: { folders?: readonly string[]; isFit?(path: string): boolean } = {},
): string | null {
  const paths = folders.map(folder => `${folder}/${name}`);
  return paths.find(path => mayRun(path) && isFit(path)) ?? null;
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  return distrustOfProgram(path) === null;
}
