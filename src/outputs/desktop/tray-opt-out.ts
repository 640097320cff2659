import { statFile } from '../../lib/files/stat-file.js';
import { removeFileSafely, writeFileSafely } from './badges/store.js';

/** In the runtime directory, which goes with the last logout: so long it holds. */
const NAME = 'quit';

const folder = (runtimeDir: string) => `${runtimeDir}/vigil`;

/** The person wants nothing of vigil on this desktop until the next login. */
export function hasOptedOut(runtimeDir: string): boolean {
  return statFile(`${folder(runtimeDir)}/${NAME}`) !== null;
}

/** Throws StoreError. */
export function optOut(runtimeDir: string): void {
  writeFileSafely(folder(runtimeDir), NAME, '');
}

/** They want it back. Throws StoreError. */
export function optIn(runtimeDir: string): void {
  removeFileSafely(folder(runtimeDir), NAME);
}
