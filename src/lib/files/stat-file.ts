import { type Stats, statSync } from 'node:fs';

/** Null where there is nothing, or nothing that may be looked at, whatever the reason: paths can be hostile. */
export function statFile(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
