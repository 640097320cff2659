import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Collector, Context, Part, Roots, Slice } from '../../../src/sources/host/collector.js';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A link to somewhere, instead of a file with a text. */
export interface Link {
  to: string;
}

export interface Tree extends Roots {
  /** Writes files below the root, by paths such as `proc/stat`. */
  write(files: Record<string, string | Link>): void;
  remove(path: string): void;
}

/** A small /proc and /sys of one's own. */
export function tree(files: Record<string, string | Link> = {}): Tree {
  const root = mkdtempSync(join(tmpdir(), 'vigil-collectors-'));
  made.push(root);
  const write = (wanted: Record<string, string | Link>) => {
    for (const [path, content] of Object.entries(wanted)) {
      const full = join(root, path);
      mkdirSync(dirname(full), { recursive: true });
      if (typeof content === 'string') writeFileSync(full, content);
      else symlinkSync(content.to, full);
    }
  };
  write({ 'proc/version': '', 'sys/version': '', ...files });
  return {
    proc: join(root, 'proc'),
    sys: join(root, 'sys'),
    write,
    remove: path => rmSync(join(root, path), { recursive: true, force: true }),
  };
}

export function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'latin1');
}

export function ask<S extends Slice>(collector: Collector<S>, roots: Roots, now_ms: number): Part<S> {
  const context: Context = { roots, now_ms };
  const part = collector.collect(context);
  if (part === null) throw new Error('it had nothing to say');
  return part;
}
