import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyEvent, OscEvent, OutputEvent } from '../../../src/model/kernel-event.js';
import { attach, bpftraces, fixture, isRoot, type Observed, observe, until } from './helpers.js';

const SPINNER = '\u001b]0;⠴ project\u0007';
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

class Terminal {
  pid = 0;
  tty = '';
  private written = 0;
  /** That came out of the terminal. */
  private bytes = 0;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor() {
    this.child = spawn('python3', [fixture('agent.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  }
  async open(): Promise<void> {
    const lines = createInterface({ input: this.child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    Object.assign(this, JSON.parse(line));
    lines.on('line', text => {
      this.bytes += (JSON.parse(text) as { shown: number }).shown;
    });
  }
  /** What was written has come out of the terminal: it is not delivered together with what comes next. */
  async shown(): Promise<void> {
    await until('the output', () => this.bytes >= this.written);
  }
  write(...texts: string[]): void {
    for (const text of texts) this.written += Buffer.byteLength(text);
    this.child.stdin.write(`${JSON.stringify({ write: texts.map(latin1) })}\n`);
  }
  type(text: string): void {
    this.child.stdin.write(`${JSON.stringify({ type: latin1(text) })}\n`);
  }
  resize(columns: number): void {
    this.child.stdin.write(`${JSON.stringify({ columns })}\n`);
  }
  close(): void {
    this.child.stdin.end();
  }
}

describe.skipIf(!isRoot)('terminal-workqueue.bt', () => {
  const versions = bpftraces();
  describe.each(versions)('bpftrace of $name', { timeout: 60_000 }, ({ path }) => {
    let seen: Observed;
    const agent = new Terminal();
    const other = new Terminal();
    const keys = () => seen.events.filter(e => e.type === 'key' && e.tty === agent.tty) as KeyEvent[];
    const outputs = (pid = agent.pid) =>
      seen.events.filter(e => e.type === 'output' && e.pid === pid) as OutputEvent[];
    const texts = () => seen.events.filter((e): e is OscEvent => e.type === 'osc').map(e => e.text);
    const bytes = () => outputs().reduce((sum, e) => sum + e.bytes, 0);
    const keyBytes = () => keys().reduce((sum, key) => sum + key.bytes, 0);
    /** Whole seconds of a clock that began then, and the one that it is in. */
    const secondsSince = (before: number) => Math.ceil((Date.now() - before) / 1000) + 1;

    beforeAll(async () => {
      await Promise.all([agent.open(), other.open()]);
      seen = observe({ bpftracePath: path, forceTier: 'tracepoint' });
      await attach(seen);
      seen.sensor.watch(new Set([agent.pid]));
      await until('attached', () => seen.sensor.health().programs[1]?.state === 'running');
    }, 120_000);
    beforeEach(async () => {
      await sleep(350);
      seen.events.length = 0;
    });
    afterAll(async () => {
      agent.close();
      other.close();
      await seen.sensor.stop();
    });

    it('sees each write once, in bytes, soon', async () => {
      const before = Date.now();
      agent.write('hello');
      await until('first output', () => outputs().length === 1);
      expect(outputs()[0]).toMatchObject({ tty: agent.tty, bytes: 5 });
      expect(outputs()[0]!.time_ms).toBeGreaterThan(before - 5);
      for (let i = 0; i < 100; i++) {
        agent.write('0123456789');
        await sleep(2);
      }
      await until('all bytes', () => bytes() === 1_005);
      await sleep(400);
      expect(bytes()).toBe(1_005);
      // Not an event for each write.
      expect(outputs().length).toBeLessThan(20);
    });

    it('tells of an agent’s terminal that it has another size, and of an agent that it is stopped and goes on', async () => {
      const told = () => seen.events.filter(e => e.type === 'resize' || e.type === 'run_state');
      other.resize(90);
      agent.resize(90);
      await until('another size', () => told().length === 1);
      process.kill(other.pid, 'SIGSTOP');
      process.kill(agent.pid, 'SIGSTOP');
      await until('the stop', () => told().length === 2);
      process.kill(other.pid, 'SIGCONT');
      process.kill(agent.pid, 'SIGCONT');
      await until('going on', () => told().length === 3);
      const { pid } = agent;
      expect(told()).toMatchObject([
        { type: 'resize', pid },
        { type: 'run_state', pid, stopped: true },
        { type: 'run_state', pid, stopped: false },
      ]);
    });

    it('tells the beginning of output at once, and then a few times a second', async () => {
      let pauses = 0;
      let longest_ms = 0;
      for (let i = 0; i < 60; i++) {
        const before = Date.now();
        agent.write('0123456789');
        await Promise.all([sleep(30), agent.shown()]);
        const step_ms = Date.now() - before;
        longest_ms = Math.max(longest_ms, step_ms);
        if (step_ms > 300) pauses++;
      }
      await until('all bytes', () => bytes() === 600);
      const [first, second, ...rest] = outputs();
      expect(second!.time_ms - first!.time_ms).toBeLessThan(170 + longest_ms);
      // At least 1.8 s: five lines, then the totals each 250 ms. 400 ms without output, which only a test that waits for CPU
      // makes, are the end of it: five lines follow.
      expect(rest.length).toBeGreaterThan(4);
      const took_ms = rest.at(-1)!.time_ms - first!.time_ms;
      expect(rest.length).toBeLessThan(6 + 5 * pauses + took_ms / 250);
    });

    it('tells of a spinner that it goes on, not each of its frames', async () => {
      const frames = async () => {
        const before = Date.now();
        for (let i = 0; i < 30; i++) {
          agent.write(`\u001b]0;${'⠋⠙⠹⠸⠼⠴⠦⠧'[i % 8]} project\u0007`);
          await sleep(50);
        }
        return before;
      };
      const before = await frames();
      await until('some frames', () => texts().length >= 4);
      expect(texts().length).toBeLessThanOrEqual(4 + secondsSince(before));
      agent.write('\u001b]0;✳ project\u0007');
      await until('the end', () => texts().at(-1) === '\u001b]0;✳ project');
      seen.events.length = 0;
      await frames();
      await until('some frames again', () => texts().length >= 4);
    });

    it('is silent while the terminal is', async () => {
      const received = seen.sensor.health().programs[1]!.received;
      await sleep(1_200);
      expect(seen.sensor.health().programs[1]!.received).toBe(received);
    });

    it('reads state words wherever they stand in the output', async () => {
      agent.write(
        SPINNER,
        'text',
        '\u001b]7501;state=working:app=codex\u001b\\behind it',
        `\u001b[?2026h[x] array[1]\u001b]2;✳ Claude Code\u0007\u001b]9;4;1;50\u0007${'y'.repeat(1_000)}`,
      );
      agent.write(`${'z'.repeat(3_000)}\u001b]777;notify;title;body\u001b\\`);
      await until('five words', () => texts().length >= 5);
      expect(texts().sort()).toEqual(
        [
          '\u001b]0;⠴ project',
          '\u001b]7501;state=working:app=codex',
          '\u001b]2;✳ Claude Code',
          '\u001b]9;4;1;50',
          '\u001b]777;notify;title;body',
        ].sort(),
      );
    });

    it('reads at most 96 bytes, and never links, clipboards or text', async () => {
      agent.write(
        `\u001b]0;${'L'.repeat(200)}\u0007`,
        '\u001b]8;;https://secret.example\u001b\\link\u001b]8;;\u001b\\',
        '\u001b]52;c;c2VjcmV0\u0007',
        'the end ]0;not one\u0007',
      );
      await until('the long one', () => texts().length >= 1);
      await sleep(300);
      expect(texts()).toEqual([`\u001b]0;${'L'.repeat(92)}`]);
    });

    it('cannot be flooded', async () => {
      const before = Date.now();
      for (let i = 0; i < 40; i++) agent.write(...Array<string>(50).fill('\u001b]0;x\u0007'));
      await until('some', () => texts().length >= 5, 20_000).catch(error => {
        throw new Error(`${error.message}; ${texts().length}; ${JSON.stringify(seen.sensor.health())}`);
      });
      await sleep(1_500);
      expect(texts().length).toBeLessThanOrEqual(50 * secondsSince(before));
      expect(seen.sensor.health().programs[1]!.missing.join()).toMatch(/left out/);
    });

    it('sees keys, but of their content only Enter and Escape', async () => {
      const typed: [string, Partial<KeyEvent>][] = [
        ['a', { bytes: 1, enter: false, escape: false }],
        ['bc\r', { bytes: 3, enter: true, escape: false }],
        ['\u001b', { bytes: 1, enter: false, escape: true }],
        ['\u001b[A', { bytes: 3, enter: false, escape: false }],
        ['\u001b[27u', { bytes: 5, enter: false, escape: true }],
        ['\u001b[13u', { bytes: 5, enter: true, escape: false }],
      ];
      for (const [i, [text]] of typed.entries()) {
        // Plain keys are told of 20 times a second.
        await sleep(60);
        agent.type(text);
        await until(`key ${i}`, () => keys().length > i);
      }
      for (const [i, [, expected]] of typed.entries()) expect(keys()[i]).toMatchObject(expected);
    });

    it('knows Enter right behind a letter', async () => {
      agent.type('x');
      agent.type('\r');
      await until('enter', () => keys().some(key => key.enter), 20_000).catch(error => {
        throw new Error(`${error.message}; ${JSON.stringify(seen.events.slice(-20))}; ${agent.tty}`);
      });
      expect(keys().reduce((sum, key) => sum + key.bytes, 0)).toBe(2);
    });

    // What the kernel is told of while it delivers, it delivers at once, and wipes: a look at the next start is too late.
    it('knows each Enter and each word that comes while the kernel delivers what came before', async () => {
      const times = 40;
      agent.type('a');
      await until('the first key, which is never more than one', () => keys().length === 1);
      seen.events.length = 0;
      for (let i = 0; i < times; i++) {
        agent.type('x');
        agent.type('\r');
        agent.write(`line ${i} of a text`, `\u001b]0;title ${i}\u0007`);
        // One Enter behind the other would count as one. At most 50 titles a second are told of.
        await sleep(30);
        await until(`the keys of ${i}`, () => keyBytes() >= 2 * (i + 1));
        await until(`title ${i}`, () => texts().length > i);
      }
      expect(keyBytes()).toBe(2 * times);
      expect(keys().filter(key => key.enter)).toHaveLength(times);
      expect(texts()).toEqual(Array.from({ length: times }, (_, i) => `\u001b]0;title ${i}`));
    });

    // Half a title is another title: one that shows no spinner.
    it('never shows a word that is cut, wherever it comes to lie', async () => {
      const title = (i: number) => `\u001b]0;${i} ${'x'.repeat(70)}`;
      const times = 150;
      for (let i = 0; i < times; i++) {
        agent.write(`${title(i)}\u0007`);
        await Promise.all([sleep(30), agent.shown()]);
      }
      await until('the last one', () => texts().includes(title(times - 1)));
      const whole = new Set(Array.from({ length: times }, (_, i) => title(i)));
      expect(texts().filter(text => !whole.has(text))).toEqual([]);
      // 11 kB, through a ring of 4.
      expect(texts().length).toBeGreaterThanOrEqual(times - 3);
    });

    it('says nothing of others, until they are watched too', async () => {
      other.write('hello', SPINNER);
      other.type('k');
      await sleep(400);
      expect(seen.events.filter(e => e.type !== 'fork' && e.type !== 'exec' && e.type !== 'exit')).toEqual(
        [],
      );
      const { pid } = seen.sensor.health().programs[1]!;
      seen.sensor.watch(new Set([agent.pid, other.pid]));
      await sleep(20);
      other.write('hello');
      await until('output of the other one', () => outputs(other.pid).length === 1);
      expect(seen.sensor.health().programs[1]!.pid).toBe(pid); // the same program, no restart
    });

    // Five seconds of waiting that do not depend on the version: once is enough.
    if (path !== versions[0]!.path) return;
    it('ends a while after the last agent', async () => {
      seen.sensor.watch(new Set());
      expect(seen.sensor.health().programs[1]!.state).toBe('running');
      await until('detached', () => seen.sensor.health().programs[1]!.state === 'off');
      expect(seen.sensor.health().programs[0]!.state).toBe('running');
    });
  });
});
