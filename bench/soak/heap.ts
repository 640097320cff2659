import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sleep } from '../../test/lab/clock.js';

const ANSWER_MS = 5_000;

/**
 * What the heap of each of vigil's own processes holds once its garbage is collected. V8 collects as late as it
 * may, so memory rises for minutes or hours without any leak; what is left after a collection rises only by one.
 */
export class Heaps {
  readonly #folder: string;

  constructor(dir: string) {
    this.#folder = resolve(dir, 'heap');
    mkdirSync(this.#folder);
    chmodSync(this.#folder, 0o1777); // helpers belong to the users of the agents
  }

  /** For the command line of the daemon. */
  get nodeOption(): string {
    const url = new URL('./heap-probe.js', import.meta.url);
    url.searchParams.set('into', this.#folder);
    return `--import=${url.href}`;
  }

  /** Bytes, V8's heap and what it holds outside; null for a process without the probe. */
  async afterCollection(pid: number): Promise<number | null> {
    const file = join(this.#folder, String(pid));
    // The signal would end a process that does not know it.
    if (read(file) === null) return null;
    rmSync(file);
    try {
      process.kill(pid, 'SIGUSR2');
    } catch {
      return null; // it has ended
    }
    for (let waited_ms = 0; waited_ms < ANSWER_MS; waited_ms += 50) {
      await sleep(50);
      const text = read(file);
      if (text !== null && text !== '') return Number(text);
    }
    return null;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
