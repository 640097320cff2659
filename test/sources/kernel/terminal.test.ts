import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor() {
    this.child = spawn('python3', [fixture('agent.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  }
  async open(): Promise<void> {
    const [line] = (await once(this.child.stdout, 'data')) as [Buffer];
    Object.assign(this, JSON.parse(line.toString()));
  }
  write(...texts: string[]): void {
    this.child.stdin.write(`${JSON.stringify({ write: texts.map(latin1) })}\n`);
  }
  type(text: string): void {
    this.child.stdin.write(`${JSON.stringify({ type: latin1(text) })}\n`);
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

    it('tells the beginning of output at once, and then a few times a second', async () => {
      for (let i = 0; i < 60; i++) {
        agent.write('0123456789');
        await sleep(30);
      }
      await until('all bytes', () => bytes() === 600);
      const [first, second, ...rest] = outputs();
      expect(second!.time_ms - first!.time_ms).toBeLessThan(200);
      // 1.8 s: five lines, and the totals each 250 ms.
      expect(rest.length).toBeGreaterThan(4);
      expect(rest.length).toBeLessThan(14);
    });

    it('tells of a spinner that it goes on, not each of its frames', async () => {
      const frames = async () => {
        for (let i = 0; i < 30; i++) {
          agent.write(`\u001b]0;${'⠋⠙⠹⠸⠼⠴⠦⠧'[i % 8]} project\u0007`);
          await sleep(50);
        }
      };
      await frames();
      await until('some frames', () => texts().length >= 4);
      expect(texts().length).toBeLessThanOrEqual(7);
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
      for (let i = 0; i < 40; i++) agent.write(...Array<string>(50).fill('\u001b]0;x\u0007'));
      await until('some', () => texts().length >= 5, 20_000).catch(error => {
        throw new Error(`${error.message}; ${texts().length}; ${JSON.stringify(seen.sensor.health())}`);
      });
      await sleep(1_500);
      expect(texts().length).toBeLessThanOrEqual(150);
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
      for (const [text] of typed) {
        agent.type(text);
        await sleep(120);
      }
      await until('all keys', () => keys().length === typed.length);
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
        await sleep(60);
      }
      await until('all keys', () => keys().reduce((sum, key) => sum + key.bytes, 0) >= 2 * times);
      await sleep(300);
      expect(keys().reduce((sum, key) => sum + key.bytes, 0)).toBe(2 * times);
      expect(keys().filter(key => key.enter)).toHaveLength(times);
      expect(texts()).toEqual(Array.from({ length: times }, (_, i) => `\u001b]0;title ${i}`));
    });

    // Half a title is another title: one that shows no spinner.
    it('never shows a word that is cut, wherever it comes to lie', async () => {
      const title = (i: number) => `\u001b]0;${i} ${'x'.repeat(70)}`;
      const times = 150;
      for (let i = 0; i < times; i++) {
        agent.write(`${title(i)}\u0007`);
        await sleep(30);
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
