import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyEvent, OscEvent } from '../../../src/model/kernel-event.js';
import { attach, bpftraces, fixture, isRoot, type Observed, observe, until } from './helpers.js';

/** What every container does: terminals of its own, numbered from 0 on. */
const OWN_TERMINALS = `mount -t devpts -o newinstance,ptmxmode=666 none /dev/pts &&
  mount --bind /dev/pts/ptmx /dev/ptmx && exec python3 "$0"`;

class Contained {
  pid = 0;
  tty = '';
  private readonly child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    'unshare',
    ['-m', 'sh', '-c', OWN_TERMINALS, fixture('agent.py')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );

  async open(): Promise<void> {
    const [line] = (await once(createInterface({ input: this.child.stdout }), 'line')) as [string];
    Object.assign(this, JSON.parse(line));
    this.child.stdout.resume();
  }
  order(order: object): void {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }
  close(): void {
    this.child.stdin.end();
  }
}

describe.skipIf(!isRoot)('terminals of the same name, of several containers', () => {
  describe.each(bpftraces())('bpftrace of $name', { timeout: 60_000 }, ({ path }) => {
    const one = new Contained();
    const other = new Contained();
    let seen: Observed;
    beforeAll(async () => {
      await Promise.all([one.open(), other.open()]);
      seen = observe({ bpftracePath: path, forceTier: 'tracepoint' });
      await attach(seen);
      seen.sensor.watch(new Set([one.pid, other.pid]));
      await until('attached', () => seen.sensor.health().programs[1]?.state === 'running');
    }, 120_000);
    afterAll(async () => {
      one.close();
      other.close();
      await seen.sensor.stop();
    });

    it('speak for who writes there', async () => {
      expect([one.tty, other.tty]).toEqual(['pts/0', 'pts/0']);
      for (let i = 0; i < 30; i++) {
        one.order({ write: [`\u001b]0;one ${i}\u0007`] });
        other.order({ write: [`\u001b]0;other ${i}\u0007`] });
        await sleep(30);
      }
      const titles = () => seen.events.filter((e): e is OscEvent => e.type === 'osc');
      const last = (who: string) => titles().some(({ text }) => text.includes(`${who} 29`));
      await until('the last titles', () => last('one') && last('other'));
      for (const { pid, text } of titles())
        expect({ text, pid }).toEqual({ text, pid: text.includes('one') ? one.pid : other.pid });
    });

    it('are told apart by the process group that keys are for', async () => {
      one.order({ type: 'abc\r' });
      const keys = () => seen.events.filter((e): e is KeyEvent => e.type === 'key');
      await until('keys', () => keys().some(key => key.enter));
      for (const key of keys()) expect(key).toMatchObject({ tty: 'pts/0', group: one.pid });
    });
  });
});
