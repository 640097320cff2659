import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Rig } from './rig.js';
import { waitFor } from './rig.js';

const SCRIPT = fileURLToPath(new URL('./fixtures/client.mjs', import.meta.url));

/** Users that need no account. */
export const ANN = 54_321;
export const BEN = 54_322;

interface Counts {
  lines: number;
  closed: number;
  opened: number;
  /** Bytes that were taken. */
  sent: number;
}

/** Clients of another uid, in a process of its own. As root only. */
export class UserClients {
  private readonly children: ChildProcess[] = [];

  constructor(private readonly rig: Rig) {
    chmodSync(rig.dir, 0o755);
  }

  /** `count` connections of the user. `ask`: each sends the request once; `loop`: again with each line that it gets. */
  async start(
    uid: number,
    count: number,
    request: object | null,
    what: 'ask' | 'loop' | 'half' | 'drip' = 'ask',
  ) {
    const text = request === null ? '' : JSON.stringify(request);
    const child = spawn(process.execPath, [SCRIPT, this.rig.server.socketPath, String(count), text, what], {
      uid,
      gid: uid,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.children.push(child);
    child.stdin!.on('error', () => {});
    let latest: Counts = { lines: 0, closed: 0, opened: 0, sent: 0 };
    let answers = 0;
    let rest = '';
    child.stdout!.on('data', chunk => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        latest = JSON.parse(line);
        answers++;
      }
    });
    const counts = async (): Promise<Counts> => {
      const before = answers;
      child.stdin!.write('?');
      await waitFor(() => answers > before, 30_000);
      return latest;
    };
    while ((await counts()).opened < count) await new Promise(resolve => setTimeout(resolve, 10));
    return { counts };
  }

  stop(): void {
    for (const child of this.children.splice(0)) child.kill('SIGKILL');
  }
}
