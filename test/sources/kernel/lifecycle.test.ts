import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecEvent, ExitEvent } from '../../../src/model/kernel-event.js';
import { attach, bpftraces, fixture, isRoot, type Observed, observe, scratch, until } from './helpers.js';

const run = promisify(execFile);

describe.skipIf(!isRoot)('lifecycle.bt', () => {
  describe.each(bpftraces())('bpftrace of $name', ({ path }) => {
    let seen: Observed;
    let made: Record<string, number> & { short: number[] };
    /**
     * All of it from its fork on: on a machine with much work the pid may have been another's a moment before. By time: a
     * bpftrace that waits for CPU may empty the buffer of one CPU long after that of another.
     */
    const eventsOf = (pid: number) => {
      const all = seen.events.filter(e => 'pid' in e && e.pid === pid).sort((a, b) => a.time_ms - b.time_ms);
      return all.slice(all.findIndex(e => e.type === 'fork' && e.ppid === made.self));
    };
    const execs = (pid: number) => eventsOf(pid).filter(e => e.type === 'exec') as ExecEvent[];
    const exits = (pid: number) => eventsOf(pid).filter(e => e.type === 'exit') as ExitEvent[];
    const exit = (name: string) => {
      const { code, signal, sender } = exits(made[name]!)[0]!;
      return { code, signal, sender };
    };

    beforeAll(async () => {
      seen = observe({ bpftracePath: path });
      await attach(seen);
      let before = Date.now();
      const play = async (limit_ms?: number): Promise<void> => {
        before = Date.now();
        const folder = mkdtempSync(join(scratch, 'deep-'));
        const { stdout } = await run('python3', [fixture('processes.py'), folder]);
        made = JSON.parse(stdout);
        await until('all is told', () => made.short.every(pid => eventsOf(pid).length >= 3), limit_ms);
        const lives = made.reborn === 0 ? 1 : 2;
        await until('of the first ones, too', () => exits(made.dead!).length >= lives, limit_ms);
      };
      // As for each test: once more, on a machine that was too busy. A hook has no second try of its own.
      await play(30_000).catch(() => play());
      const times = made.short.map(pid => exits(pid)[0]!.time_ms);
      expect(Math.min(...times)).toBeGreaterThan(before - 20);
      expect(Math.max(...times)).toBeLessThan(Date.now() + 20);
    }, 150_000);
    afterAll(() => seen.sensor.stop());

    it('attaches, and says so', () => {
      const health = seen.sensor.health();
      expect(health.tier).not.toBe('procfs');
      expect(health.programs[0]).toMatchObject({ name: 'lifecycle', state: 'running', problem: null });
      expect(health.programs[0]).toMatchObject({ unparsed: 0, lost: 0, restarts: 0 });
      // That it took its time is no fault.
      const warnings = seen.log.filter(line => line.level === 'warn' && !/is silent/.test(line.message));
      expect(warnings).toEqual([]);
    });

    it('reports the exec of any argv as it is', () => {
      const [event] = execs(made.odd!);
      expect(event).toMatchObject({ ppid: made.self, uid: 0, path: '/bin/true', truncated: false });
      expect(event!.argv).toEqual([
        'true',
        'a b',
        'quote"\'',
        'new\nline',
        'back\\slash \\x41',
        '\ufffd\ufffd',
        '\x7f\x1b[31m',
        'é€✳',
        '',
        '{}$`',
      ]);
    });

    it('says when argv or the path were too long', () => {
      const [long] = execs(made.long!);
      expect(long).toMatchObject({ path: '/bin/true', truncated: true });
      expect(long!.argv[0]).toBe('true');
      expect(long!.argv[1]).toMatch(/^x{700,}$/);
      const [deep] = execs(made.deep!);
      expect(deep!.truncated).toBe(true);
      expect(deep!.path).toHaveLength(160);
      expect(deep!.argv).toEqual(['deep']);
    });

    it('reports each short-lived process: fork, exec, exit, in this order', () => {
      for (const pid of made.short) {
        expect(eventsOf(pid)).toMatchObject([
          { type: 'fork', ppid: made.self },
          { type: 'exec' },
          { type: 'exit' },
        ]);
      }
    });

    it('reports exit codes and signals', () => {
      expect(exit('code7')).toEqual({ code: 7, signal: null, sender: null });
      expect(exit('segv')).toEqual({ code: null, signal: 11, sender: null });
      expect(exit('handled')).toEqual({ code: 5, signal: null, sender: null });
    });

    it('reports who sent the fatal signal', () => {
      expect(exit('killed_by_shell')).toEqual({
        code: null,
        signal: 15,
        sender: { pid: made.shell, comm: 'sh' },
      });
    });

    it('takes nobody for the sender whose signal came too late', ({ skip }) => {
      if (made.reborn === 0) skip('no process can be given a pid here');
      expect(made.reborn).toBe(made.dead);
      const [dead, reborn] = exits(made.dead!);
      expect(dead).toMatchObject({ code: 0, signal: null });
      expect(reborn).toMatchObject({ signal: 11, sender: null });
    });

    it('reports a process once, when its last thread ends, whichever that is', () => {
      expect(exits(made.leader_gone!)).toHaveLength(1);
      expect(exit('leader_gone')).toMatchObject({ code: null, signal: 9, sender: { pid: made.self } });
      expect(exits(made.threads!)).toHaveLength(1);
      expect(exit('threads')).toEqual({ code: 3, signal: null, sender: null });
    });

    it('reports no thread', () => {
      expect(seen.events.filter(e => e.type === 'fork' && e.ppid === made.threads)).toEqual([]);
      expect(seen.events.filter(e => e.type === 'fork' && e.ppid === made.leader_gone)).toEqual([]);
    });
  });
});
