import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Exit, ProgramOutput, RunProgram } from '../../../src/sources/kernel/bpftrace.js';
import { KernelClock } from '../../../src/sources/kernel/events/clock.js';
import { type ProgramCallbacks, SupervisedProgram } from '../../../src/sources/kernel/supervise.js';
import { isRoot, observe, until } from './helpers.js';
import { childrenOf } from './processes.js';

const HEARTBEAT = JSON.stringify({ type: 'printf', data: 'H 1000 0\n' });
const fork = (pid: number) => JSON.stringify({ type: 'printf', data: `F 0 1 2000 ${pid} 1\n` });
/** TERM, and what it takes at most until KILL. */
const STOPPED_MS = 1_000;

/** A bpftrace that does what the test says. */
class Machine {
  readonly programs: { id: number; output: ProgramOutput; exit: (exit: Exit) => void; told: boolean }[] = [];
  readonly living = new Set<number>();
  mostAtOnce = 0;
  refuses = false;

  readonly run: RunProgram = (_bpftrace, _input, output) => {
    const id = this.programs.length + 1;
    let exit: (exit: Exit) => void = () => {};
    const exited = new Promise<Exit>(resolve => {
      exit = end => {
        this.living.delete(id);
        resolve(end);
      };
    });
    const program = { id, output, exit, told: false };
    this.programs.push(program);
    if (this.refuses) {
      exit({ refused: 'EAGAIN', code: null, signal: null, stderr: '' });
      return { pid: null, exited, stop: async () => {} };
    }
    this.living.add(id);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.living.size);
    const stop = async () => {
      program.told = true; // it takes its time: see `end`
      await exited;
    };
    return { pid: id, exited, stop };
  };

  end(id: number): void {
    const program = this.programs[id - 1];
    const signal = program?.told ? 'SIGTERM' : null;
    if (program && this.living.has(id))
      program.exit({ refused: null, code: signal ? null : 1, signal, stderr: '' });
  }

  /** Those that were told to end do so. */
  obey(): void {
    for (const { id, told } of this.programs) if (told) this.end(id);
  }
}

type Step = { do: 'start' | 'stop' | 'exit' | 'obey' | 'heartbeat' | 'line' | 'wait' | 'refuse'; n: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'start',
    'start',
    'stop',
    'stop',
    'exit',
    'obey',
    'heartbeat',
    'line',
    'wait',
    'refuse',
  ),
  n: fc.nat({ max: 3_000 }),
});

function supervise(machine: Machine, callbacks: Partial<ProgramCallbacks> = {}) {
  const live: boolean[] = [];
  const seen: number[] = [];
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const spec = { name: 'x', bpftrace: { path: '/x', version: '' }, text: '', parameters: [], missing: [] };
  const program = new SupervisedProgram(
    spec,
    log,
    new KernelClock(),
    {
      line: line => seen.push(line.numbers[0]!) > 0,
      map: () => {},
      attached: () => {},
      heartbeat: () => {},
      lost: () => {},
      live: is => live.push(is),
      ...callbacks,
    },
    machine.run,
  );
  return { program, live, seen };
}

describe('one program, started and stopped in any order', () => {
  it('runs once at most, is heard only while it is the present one, and ends up as it is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        vi.useFakeTimers();
        const machine = new Machine();
        const { program, live, seen } = supervise(machine);
        const settle = () => vi.advanceTimersByTimeAsync(0);
        let wanted = false;
        /** Programs that were launched before the last stop. */
        let past = 0;
        for (const { do: what, n } of steps) {
          const id = (n % Math.max(1, machine.programs.length)) + 1;
          const chosen = machine.programs[id - 1];
          if (what === 'start') {
            wanted = true;
            void program.start();
          } else if (what === 'stop') {
            wanted = false;
            past = machine.programs.length;
            void program.stop();
          } else if (what === 'exit') machine.end(id);
          else if (what === 'obey') machine.obey();
          else if (what === 'refuse') machine.refuses = !machine.refuses;
          else if (what === 'wait') await vi.advanceTimersByTimeAsync(n);
          else if (what === 'heartbeat') chosen?.output.line(HEARTBEAT);
          else {
            const before = seen.length;
            chosen?.output.line(fork(id));
            // What the pipe still held of one that was stopped, or was followed by another, is of the past.
            if (id <= past || id < machine.programs.length) expect(seen.length).toBe(before);
          }
          await settle();
          expect(machine.mostAtOnce).toBeLessThanOrEqual(1);
          if (!wanted) expect(program.health().state).toBe('off');
        }
        for (let i = 1; i < live.length; i++) expect(live[i]).toBe(!live[i - 1]);
        machine.refuses = false;
        // Longer than any pause between two launches.
        for (let i = 0; i < 40; i++) {
          machine.obey();
          if (wanted) machine.programs.at(-1)?.output.line(HEARTBEAT);
          await vi.advanceTimersByTimeAsync(STOPPED_MS);
        }
        expect(machine.living.size).toBe(wanted ? 1 : 0);
        expect(program.health().state).toBe(wanted ? 'running' : 'off');
        expect(live.at(-1) ?? false).toBe(wanted);
        const end = program.stop();
        machine.obey();
        await end;
        await vi.advanceTimersByTimeAsync(60_000);
        expect(machine.living.size).toBe(0);
        vi.useRealTimers();
      }),
      { numRuns: 300 },
    );
  });

  it('is taken over by another when it was refused, at once, and not when it could not be started', async () => {
    vi.useFakeTimers();
    const machine = new Machine();
    let asked = 0;
    const { program } = supervise(machine, { givesUp: () => ++asked === 1 });
    machine.refuses = true;
    void program.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(0);
    expect(program.health()).toMatchObject({ state: 'backoff', problem: expect.stringMatching(/EAGAIN/) });
    machine.refuses = false;
    await vi.advanceTimersByTimeAsync(300);
    machine.end(2);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    expect(machine.living).toEqual(new Set([3]));
    vi.useRealTimers();
  });
});

describe.skipIf(!isRoot)('an agent that comes while the terminal program is being stopped', () => {
  it('has one bpftrace, which is the one that is heard', async () => {
    const before = new Set(childrenOf(process.pid));
    const ours = () => childrenOf(process.pid).filter(pid => !before.has(pid));
    const { sensor, terminal } = observe({ forceTier: 'tracepoint' });
    try {
      await sensor.start();
      const program = () => sensor.health().programs.find(({ name }) => name === 'terminal')!;
      sensor.watch(new Set([process.pid]));
      await until('attached', () => program().state === 'running');
      const first = program().pid;
      sensor.watch(new Set());
      await until('being stopped', () => program().state === 'off');
      sensor.watch(new Set([process.pid]));
      await until('another', () => program().state === 'running' && program().pid !== first);
      expect(ours()).toHaveLength(2); // and that for processes
      expect(program().restarts).toBe(0);
      expect(terminal).toEqual([true, false, true]);
    } finally {
      await sensor.stop();
    }
    expect(ours()).toEqual([]);
  });
});
