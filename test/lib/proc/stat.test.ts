import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PF_FORKNOEXEC, PF_KTHREAD, parseStat, ttyName } from '../../../src/lib/proc/stat.js';
import { parseStatBytes, StatFields } from '../../../src/lib/proc/stat-bytes.js';

const STAT = (comm: string, ppid = 1, tty = 34819, start_ticks = 884213) =>
  `4021 (${comm}) S ${ppid} 4021 4021 ${tty} -1 4194624 1230 0 0 0 12 7 0 0 20 0 3 0 ${start_ticks} 5000000 1500 18446744073709551615`;

describe('/proc/PID/stat', () => {
  it.each(['bash', 'tmux: server', ') R 1 (', 'a\nb)', '((sd-pam))', ''])(
    'is read with the name %j',
    comm => {
      expect(parseStat(STAT(comm))).toMatchObject({
        pid: 4021,
        comm,
        state: 'S',
        ppid: 1,
        tty_nr: 34819,
        cpu_ticks: 19,
        threads: 3,
        start_ticks: 884213,
        rss_pages: 1500,
      });
    },
  );

  it.each(['', 'x', '1 (a', '1 (a) S 2'])('is nothing when it is %j', text => {
    expect(parseStat(text)).toBeNull();
  });

  it('names terminals as /dev does', () => {
    expect([34819, (137 << 8) | 44, (4 << 8) | 1, (4 << 8) | 64, 0].map(ttyName)).toEqual([
      'pts/3',
      'pts/300',
      'tty1',
      'ttyS0',
      null,
    ]);
  });
});

describe('the same by bytes', () => {
  it('agrees with what is read as text', () => {
    const number = fc.oneof(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 23 }), fc.constant(-1));
    const comm = fc.string({ unit: 'grapheme', maxLength: 15 });
    fc.assert(
      fc.property(
        comm,
        fc.constantFrom(...'RSDTtZI'),
        fc.array(number, { minLength: 49, maxLength: 49 }),
        (name, state, rest) => {
          const text = `12 (${name}) ${state} ${rest.join(' ')}\n`;
          const bytes = Buffer.from(text);
          const fields = new StatFields();
          expect(parseStatBytes(bytes, bytes.length, true, fields)).toBe(true);
          const stat = parseStat(text)!;
          expect(bytes.toString('utf8', fields.comm_from, fields.comm_to)).toBe(stat.comm);
          expect(String.fromCharCode(fields.state)).toBe(stat.state);
          for (const key of [
            'ppid',
            'pgid',
            'sid',
            'cpu_ticks',
            'threads',
            'start_ticks',
            'vsize_bytes',
            'rss_pages',
          ] as const)
            expect(fields[key], key).toBe(stat[key]);
          expect((fields.flags & PF_KTHREAD) !== 0).toBe(stat.is_kernel_thread);
          expect((fields.flags & PF_FORKNOEXEC) !== 0).toBe(stat.is_copy);
          expect(fields.stack).toBe(rest[24]);
          expect(fields.exit_signal).toBe(rest[34]);
        },
      ),
    );
  });

  it.each(['', 'x', '1 (a', '1 (a) S 2', '1 a) S 1 1 1'])('refuses %j', text => {
    const bytes = Buffer.from(text);
    expect(parseStatBytes(bytes, bytes.length, false, new StatFields())).toBe(false);
  });
});
