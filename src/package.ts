import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where this package lies: one folder above `dist/` or `src/`. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

export const BPF_DIR = `${ROOT}bpf`;

export const VERSION: string = (
  JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string }
).version;
