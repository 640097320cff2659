import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyed, parseLimit } from '../../../src/sources/host/cgroup/read.js';
import { parseCpuTicks } from '../../../src/sources/host/cpu/cpu.js';
import { parseDiskstats } from '../../../src/sources/host/disks.js';
import { parseMountinfo } from '../../../src/sources/host/filesystems/mounts.js';
import { chooseTargets } from '../../../src/sources/host/filesystems/targets.js';
import { parseMeminfo } from '../../../src/sources/host/memory.js';
import { parseNetDev } from '../../../src/sources/host/network/network.js';
import { eachTcpSocket, parseSockstat } from '../../../src/sources/host/network/tcp.js';
import { parsePressure } from '../../../src/sources/host/pressure.js';
import { parseEntry } from '../../../src/sources/journal/entry.js';
import { parseOomKill, parseOomReason } from '../../../src/sources/journal/oom.js';
import { fixture } from './tree.js';

/** Real texts, cut, doubled, with characters and lines thrown in. */
function mangled(text: string): fc.Arbitrary<string> {
  const lines = text.split('\n');
  const piece = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...lines) },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...lines), fc.nat(60)).map(([line, n]) => line.slice(n)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...lines),
          fc.nat(60),
          fc.constantFrom('-1', 'x', '9'.repeat(30), '', '\\777', '\0'),
        )
        .map(([line, n, junk]) => line.slice(0, n) + junk + line.slice(n)),
    },
  );
  return fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('\n'));
}

/** No NaN in what was read: a rule would compare with it and never fire. */
function numbersAreNumbers(value: unknown): void {
  JSON.stringify(value instanceof Map ? [...value] : value, (key, each) => {
    if (typeof each === 'number' && Number.isNaN(each)) throw new Error(`${key} is NaN`);
    return each;
  });
}

const PARSERS: [string, string, (text: string) => unknown][] = [
  ['diskstats', 'diskstats/laptop-6.12', parseDiskstats],
  ['net/dev', 'net/dev-laptop-6.12', parseNetDev],
  ['sockstat', 'net/sockstat', parseSockstat],
  ['pressure', 'pressure/memory', parsePressure],
  ['mountinfo', 'mountinfo/developer-laptop', text => chooseTargets(parseMountinfo(text))],
  ['limit', 'net/sockstat', parseLimit],
  ['keyed', 'stat/four-cores-6.12', text => keyed(text, 'ctxt')],
  ['journal', 'journal-oom-252.jsonl', text => text.split('\n').map(parseEntry)],
  ['oom kill', 'journal-oom-252.jsonl', text => [parseOomKill(text), parseOomReason(text)]],
  [
    'tcp',
    'net/tcp-6.18',
    text => {
      const found: unknown[] = [];
      eachTcpSocket(Buffer.from(text), (state, inode) => found.push([state, inode]));
      return found;
    },
  ],
];

describe('whatever a text holds', () => {
  it.each(PARSERS)('%s is read without an error and without NaN', (_, name, parse) => {
    fc.assert(fc.property(mangled(fixture(name)), text => numbersAreNumbers(parse(text))));
  });

  it.each([
    ['meminfo', 'meminfo/laptop-6.12', parseMeminfo, 'MemTotal'],
    ['stat', 'stat/four-cores-6.12', (text: string) => parseCpuTicks(text), 'cpu line'],
  ] as const)('%s is read without NaN, or refused in words', (_, name, parse, words) => {
    fc.assert(
      fc.property(mangled(fixture(name)), text => {
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          expect(String(error)).toContain(words);
          return;
        }
        numbersAreNumbers(value);
      }),
    );
  });

  it('is read in a time that grows with its length only', () => {
    const long = `Out of memory: Killed process 1 (${') '.repeat(20_000)}`;
    expect(parseOomKill(long)).toBeNull();
    expect(parseOomReason(`oom-kill:${',oom_memcg='.repeat(20_000)}`)).toBeNull();
    expect(parsePressure('some avg10='.repeat(20_000))).toBeNull();
  });
});
