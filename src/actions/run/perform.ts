import { getPriority, setPriority } from 'node:os';
import type { ProcessHandle } from '../../lib/process/process-handle.js';
import type { Signaller } from '../../lib/process/signal.js';
import { printable } from '../../lib/text/printable.js';
import type { Fate, ProcessOutcome, Step } from '../../model/action.js';
import type { ProcessRef } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';
import { nameOf } from '../plan/words.js';
import type { CgroupFreezer } from './cgroup-freezer.js';
import type { CommandRunner } from './run-command.js';
import { terminate } from './terminate.js';

/** Everything through which an action reaches the machine. */
export interface Effects {
  hold(ref: ProcessRef): ProcessHandle | null;
  look(): ProcessView;
  signaller: Signaller;
  run: CommandRunner;
  /** ms while the machine is awake, never going back. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface PerformOptions extends Effects {
  grace_ms: number;
  admit(process: LiveProcess, view: ProcessView): boolean;
  stopping?: AbortSignal | undefined;
  freezer?(path: string): CgroupFreezer | null;
}

export interface Performed {
  processes: ProcessOutcome[];
  /** What went wrong, free of control characters. */
  problem: string | null;
}

/** Does one step that the policy has allowed just before. */
export async function perform(step: Step, options: PerformOptions): Promise<Performed> {
  switch (step.kind) {
    case 'terminate': {
      const { targets, force } = step;
      const processes = await terminate({ ...options, targets, force, whole: step });
      return { processes, problem: problemOf(processes) };
    }
    case 'renice':
      return { processes: [], problem: renice(step.target, step.nice, options) };
    case 'restart_service':
      return { processes: [], problem: await restart(step, options.run) };
  }
}

/** A unit can fail right after systemctl was content with its start. */
async function restart(
  { argv, unit }: Step & { kind: 'restart_service' },
  run: CommandRunner,
): Promise<string | null> {
  const { code, stderr } = await run(argv);
  const said = printable(stderr.trim().split('\n')[0] ?? '', 300);
  if (code !== 0) return `systemctl ended with ${code ?? 'no code'}: ${said}`;
  const failed = await run([argv[0] as string, 'is-failed', '--quiet', '--', unit]);
  return failed.code === 0 ? `${unit} was started and failed again` : null;
}

const ENDED: readonly Fate[] = ['gone_before', 'terminated', 'killed', 'zombie'];

function problemOf(processes: readonly ProcessOutcome[]): string | null {
  const left = processes.filter(({ fate }) => !ENDED.includes(fate));
  if (left.length === 0) return null;
  const first = left[0]!;
  const others = left.length > 1 ? `, and ${left.length - 1} more` : '';
  return `${nameOf(first.process)} is left: ${first.note ?? first.fate}${others}`;
}

/** The nice value of each thread is its own; none is ever raised in rank. */
function renice(target: ProcessRef, nice: number, options: Pick<Effects, 'hold'>): string | null {
  let handle: ProcessHandle | null = null;
  try {
    handle = options.hold(target);
    if (handle === null) return `${nameOf(target)} is gone`;
    for (const [i, tid] of handle.threads().entries()) {
      if (i % 64 === 0 && handle.stat() === null) return `${nameOf(target)} is gone`;
      if (getPriority(tid) < nice) setPriority(tid, nice);
    }
    return null;
  } catch (error) {
    return printable((error as Error).message, 200);
  } finally {
    handle?.close();
  }
}
