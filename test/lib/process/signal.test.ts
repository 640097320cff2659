import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { holdProcess, ProcessHandle } from '../../../src/lib/process/process-handle.js';
import { ProcessSignaller, type SignalCalls, systemCalls } from '../../../src/lib/process/signal.js';
import { isAlive, Processes, stateOf } from '../../actions/rig.js';
import { Built } from '../../cli/built.js';

vi.setConfig({ testTimeout: 30_000 });

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
});
afterEach(() => processes.end());

const real = systemCalls() as SignalCalls;
const errno = { EBADF: -9, ENOSYS: -38, EPERM: -1 };

describe('a held process', () => {
  it('is refused for another start time, for init and for nobody', () => {
    const ref = processes.ref(processes.script('exec sleep 98765'));
    expect(holdProcess({ ...ref, start_ticks: ref.start_ticks + 1 })).toBeNull();
    for (const pid of [1, 0, -1, -ref.pid, 4_194_305, 1.5, Number.NaN]) {
      expect(holdProcess({ ...ref, pid, start_ticks: 0 })).toBeNull();
    }
  });

  it('is not believed to be gone when it cannot be read', () => {
    const ref = processes.ref(processes.script('exec sleep 98765'));
    mkdirSync(join(processes.dir, 'stat'));
    const handle = new ProcessHandle(ref, openSync(processes.dir, 'r'));
    expect(() => handle.stat()).toThrow('EISDIR');
    handle.close();
  });

  it('answers nothing once it ended, and after it was let go', async () => {
    const pid = processes.script('exec sleep 98765');
    const handle = holdProcess(processes.ref(pid))!;
    expect(handle.stat()?.pid).toBe(pid);
    expect(handle.uid()).toBe(process.getuid?.());
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(handle.stat()).toBeNull());
    expect(new ProcessSignaller().send(handle, 'SIGTERM')).toBe('gone');
    handle.close();
    handle.close();
    expect(handle.threads()).toEqual([]);
  });
});

describe('a signal arrives', () => {
  const refuses = (result: number): SignalCalls => {
    let calls = 0;
    return {
      pidfdOpen: pid => real.pidfdOpen(pid),
      pidfdSendSignal: (fd, signal) => (calls++ === 0 ? result : real.pidfdSendSignal(fd, signal)),
    };
  };
  it.each<[string, SignalCalls | null]>([
    ['through the held folder', real],
    ['through a pidfd where the folder is refused', refuses(errno.EBADF)],
    [
      'by kill where pidfds are unknown',
      { pidfdOpen: () => errno.ENOSYS, pidfdSendSignal: () => errno.ENOSYS },
    ],
    ['by kill without system calls', null],
  ])('%s', async (_, calls) => {
    const ref = await processes.running(processes.script('exec sleep 98765'));
    const handle = holdProcess(ref)!;
    expect(new ProcessSignaller(calls).send(handle, 'SIGTERM')).toBe('sent');
    await vi.waitFor(() => expect(isAlive(ref)).toBe(false));
    handle.close();
  });

  it('not when the kernel says no, and then nothing else is tried', async () => {
    const ref = await processes.running(processes.script('exec sleep 98765'));
    const handle = holdProcess(ref)!;
    expect(new ProcessSignaller(refuses(errno.EPERM)).send(handle, 'SIGKILL')).toBe('denied');
    handle.close();
    // It sleeps on: asleep soon after its start, where a signal sent by another way would have ended it.
    await vi.waitFor(() => expect(stateOf(ref)).toBe('S'));
  });
});

it('a folder that only looks like one of /proc leads to no signal: its number belongs to anybody', async () => {
  const ref = await processes.running(processes.script('exec sleep 98765'));
  const folder = join(processes.dir, 'proc', String(ref.pid));
  mkdirSync(folder, { recursive: true });
  for (const file of ['stat', 'status'])
    writeFileSync(join(folder, file), readFileSync(`/proc/${ref.pid}/${file}`));
  for (const calls of [real, null]) {
    const handle = holdProcess(ref, join(processes.dir, 'proc'))!;
    expect(new ProcessSignaller(calls).send(handle, 'SIGKILL')).toBe('failed');
    handle.close();
  }
  await vi.waitFor(() => expect(stateOf(ref)).toBe('S'));
});

/** A PID namespace in which pids may be chosen; the machine's own are left alone. */
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
if (process.getuid?.() !== 0) UNSHARE.unshift('--user', '--map-root-user');
const CAN_CHOOSE_PIDS =
  spawnSync('unshare', [...UNSHARE, 'sh', '-c', 'echo 100 > /proc/sys/kernel/ns_last_pid']).status === 0;

describe.runIf(CAN_CHOOSE_PIDS)('a pid that was given to somebody else between finding and signal', () => {
  const built = new Built();
  afterAll(() => built.remove());

  it('hits nobody, by any of the ways', () => {
    const fixture = fileURLToPath(new URL('fixtures/reuse.mjs', import.meta.url));
    const { stdout, stderr } = spawnSync(
      'unshare',
      [...UNSHARE, process.execPath, fixture, join(built.dir, 'dist')],
      { encoding: 'utf8', timeout: 60_000 },
    );
    expect(stderr).toBe('');
    const spared = {
      same_pid: true,
      sent: 'gone',
      held_anew: false,
      signals: [],
      note: 'its pid belongs to another process now',
      stranger_lives: true,
    };
    expect(JSON.parse(stdout)).toEqual({ pidfd_send_signal: spared, pidfd_open: spared, kill: spared });
  });
});
