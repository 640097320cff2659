import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { LiveView } from '../../src/actions/live/live-view.js';
import { holdProcess } from '../../src/lib/process/process-handle.js';
import { ProcessSignaller } from '../../src/lib/process/signal.js';
import { refOf } from '../../src/model/process-ref.js';
import type { ProcessRef } from '../../src/model/snapshot.js';

/** Real processes of a test; whatever is left of them afterwards is ended. */
export class Processes {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-actions-'));
  private readonly children: ChildProcess[] = [];
  private readonly refs: ProcessRef[] = [];

  /** A child of the test in a process group of its own. */
  start(argv: readonly string[], options: { uid?: number } = {}): number {
    const [program, ...args] = argv as [string, ...string[]];
    const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const child = spawn(program, args, { stdio: 'ignore', detached: true, cwd: '/', ...user });
    this.children.push(child);
    return child.pid as number;
  }

  /** A shell script; `$DIR` in it is a folder of the test. */
  script(text: string, options: { uid?: number } = {}): number {
    return this.start(['sh', '-c', text.replaceAll('$DIR', this.dir)], options);
  }

  /** Waits for the numbers that scripts wrote into a file of the folder. */
  async pids(file: string, count = 1): Promise<number[]> {
    const pids = await vi.waitFor(() => {
      // Empty between being made and being written.
      const words = readFileSync(join(this.dir, file), 'utf8').match(/\d+/g) ?? [];
      if (words.length < count) throw new Error(`${file}: ${words.length} of ${count}`);
      return words.map(Number);
    }, 10_000);
    return pids;
  }

  lines(file: string): string[] {
    try {
      return readFileSync(join(this.dir, file), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  /** The process as it is now, which is ended after the test. */
  ref(pid: number): ProcessRef {
    const found = new LiveView('/proc', null).find(pid);
    if (found === null) throw new Error(`there is no process ${pid}`);
    const ref = refOf(found);
    this.refs.push(ref);
    return ref;
  }

  /** Waits until the process runs what it was started for. */
  async running(pid: number, comm = 'sleep'): Promise<ProcessRef> {
    return vi.waitFor(() => {
      const ref = this.ref(pid);
      // An exec sets the name first; for a moment there are no arguments then.
      if (ref.comm !== comm || ref.cmdline === `[${comm}]`) throw new Error(`${pid} is still ${ref.cmdline}`);
      return ref;
    }, 10_000);
  }

  end(): void {
    for (const child of this.children) {
      // With all that it forked: while it lives, the number of its group is its own.
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    }
    const signaller = new ProcessSignaller();
    for (const ref of this.refs) {
      const handle = holdProcess(ref);
      if (handle === null) continue;
      signaller.send(handle, 'SIGKILL');
      handle.close();
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** R, S, Z, …; null when it is gone. */
export function stateOf(ref: ProcessRef): string | null {
  return new LiveView('/proc', null).resolve(ref)?.state ?? null;
}

export const isAlive = (ref: ProcessRef): boolean => ![null, 'Z', 'X'].includes(stateOf(ref));
