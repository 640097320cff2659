import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_INSPECTOR_FLAG } from '../../../lib/process/no-inspector.js';
import type { HostFacts } from '../../../model/host-facts.js';

const SCRIPT = fileURLToPath(new URL('./main.js', import.meta.url));
/** Only folders that belong to the system. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';
const TIMEOUT_MS = 20_000;
const MAX_BYTES = 65_536;
/** What failed is tried again when somebody asks so much later. */
const AGAIN_MS = 60_000;

type Child = Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>;

/** What the machine is: read once, when somebody asks for the first time, by a process of its own. */
export class HostFactsReader {
  private known: HostFacts | null = null;
  private reading: Promise<HostFacts> | null = null;
  private failed_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly script = SCRIPT,
    private readonly timeout_ms = TIMEOUT_MS,
  ) {}

  /** Null: it cannot be read now. Never rejects. */
  async facts(): Promise<HostFacts | null> {
    if (this.known !== null) return this.known;
    if (this.reading === null && performance.now() - this.failed_ms < AGAIN_MS) return null;
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
    try {
      this.known = await this.reading;
    } catch {
      this.failed_ms = performance.now();
    }
    return this.known;
  }

  private async read(): Promise<HostFacts> {
    // In a process group of its own: what it started ends with it.
    const { askChild } = await import('../../../lib/process/short-child.js');
    const child = askChild(process.execPath, [NO_INSPECTOR_FLAG, this.script], {
      cwd: '/',
      env: { PATH, LC_ALL: 'C' },
      extendEnv: false,
      stdin: 'ignore',
      stderr: 'ignore',
      maxBuffer: MAX_BYTES,
      detached: true,
    });
    const late = setTimeout(() => endGroup(child), this.timeout_ms);
    try {
      const { stdout } = await child;
      return JSON.parse(stdout) as HostFacts;
    } finally {
      clearTimeout(late);
      endGroup(child);
    }
  }
}

/** Its process group, with or without it: what it started is not to outlive it. */
function endGroup({ pid, exitCode, signalCode }: Child): void {
  if (pid === undefined) return;
  const ended = exitCode !== null || signalCode !== null;
  // A group that is not empty keeps its number from being given away: who carries it now is in another one.
  if (ended && existsSync(`/proc/${pid}`)) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
