import { fileURLToPath } from 'node:url';
import { readText, SMALL_BYTES } from './bounded-read.js';

/** Where this package lies: one folder above `dist/` or `src/`. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const BPF_DIR = `${ROOT}bpf`;

export const VERSION: string = (
  JSON.parse(readText(`${ROOT}package.json`, SMALL_BYTES, 'utf8')) as { version: string }
).version;
