import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { isRoot, type Observed, observe, script, until } from './helpers.js';
import { childrenOf } from './processes.js';

const TRIAL = `printf '{"type": "printf", "data": "attached\\\\n"}\\n'; exit 0`;

/** A bpftrace that needs a minute for this question. */
const slow = (question: string) =>
  script(
    `slow-${question}`,
    `#!/bin/sh
case $1$3 in
--version*) question=version; answer='echo bpftrace v0.99.0; exit 0' ;;
-lv*) question=structs; answer='exit 0' ;;
*-e) question=trial; answer='${TRIAL}' ;;
*) question=program; answer='exec sleep 60' ;;
esac
[ $question = ${question} ] && exec sleep 60
eval "$answer"
`,
  );

const children = () => childrenOf(process.pid);

describe.skipIf(!isRoot)('a start that nobody waits for any more', () => {
  let seen: Observed | null = null;
  afterEach(() => seen?.sensor.stop());

  it.each(['version', 'trial', 'structs', 'program'])(
    'ends at once while bpftrace is asked for its %s, and leaves nothing behind',
    async question => {
      const before = new Set(children());
      const ours = () => children().filter(pid => !before.has(pid));
      seen = observe({ bpftracePath: slow(question) });
      const abort = new AbortController();
      let returned = false;
      const started = seen.sensor.start(abort.signal).then(() => {
        returned = true;
      });
      await until('asked', () => ours().length > 0 && !returned && slept(ours()));
      abort.abort();
      await until('returned', () => returned, 3_000);
      await started;
      expect(ours()).toEqual([]);
      seen.sensor.watch(new Set([process.pid]));
      expect(ours()).toEqual([]);
      expect(seen.log.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it('starts nothing when it is too late already', async () => {
    const before = children();
    seen = observe({ bpftracePath: slow('version') });
    await seen.sensor.start(AbortSignal.abort());
    expect(children()).toEqual(before);
  });

  it('is ended by stop(), too', async () => {
    seen = observe({ bpftracePath: slow('trial') });
    let returned = false;
    const started = seen.sensor.start().then(() => {
      returned = true;
    });
    await until('asked', () => slept(children()));
    await seen.sensor.stop();
    await until('returned', () => returned, 3_000);
    await started;
  });
});

function slept(pids: number[]): boolean {
  return pids.some(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep');
    } catch {
      return false;
    }
  });
}
