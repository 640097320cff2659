import { configKeys, valueAt } from './keys.js';

/** A key that a file names as it was called before. */
export interface RenamedKey {
  former: string;
  name: string;
  /** The file has it under its present name, too: that one counts. */
  ignored: boolean;
}

/** Moves what stands under former names of keys to their present ones, within the parsed file. */
export function usePresentNames(table: unknown): RenamedKey[] {
  const renamed: RenamedKey[] = [];
  for (const { name, path, formerly } of configKeys()) {
    for (const former of formerly) {
      const old = former.split('.');
      const value = valueAt(table, old);
      if (value === undefined) continue;
      const ignored = valueAt(table, path) !== undefined || !put(table, path, value);
      remove(table, old);
      renamed.push({ former, name, ignored });
    }
  }
  return renamed;
}

/** `"evidence.words" is called "evidence.self_reported" now` */
export function renamedText({ former, name, ignored }: RenamedKey): string {
  return ignored
    ? `"${former}" is ignored: "${name}", as it is called now, is set, too`
    : `"${former}" is called "${name}" now: the old name will go`;
}

/** False: something else than a table is in the way. */
function put(table: unknown, path: readonly string[], value: unknown): boolean {
  let at = table as Record<string, unknown>;
  for (const part of path.slice(0, -1)) {
    at[part] ??= {};
    if (typeof at[part] !== 'object') return false;
    at = at[part] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
  return true;
}

/** With the tables that are empty without it: they may be known no more. */
function remove(table: unknown, path: readonly string[]): void {
  const parent = valueAt(table, path.slice(0, -1)) as Record<string, unknown>;
  delete parent[path.at(-1)!];
  if (path.length > 1 && Object.keys(parent).length === 0) remove(table, path.slice(0, -1));
}
