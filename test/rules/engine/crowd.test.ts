import { expect, test } from 'vitest';
import { matchAll } from '../../../src/rules/allowlist/guarded-regex.js';
import { brief, Machine, MB } from '../machine.js';

const LONG = `node ${'npm/@-'.repeat(680)}`;
const cpu_ms = (work: () => void) => {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
};

test('20,000 processes with long command lines that change all the time cost no more than so much a look', () => {
  const machine = new Machine();
  const crowd = machine.many(20_000, { comm: 'sh', uid: 1001, cmdline: LONG });
  machine.pass(10);
  const looks = Array.from({ length: 3 }, (_, look) => {
    for (const process of crowd) process.cmdline = `${LONG}${look}${process.pid}`;
    machine.now_ms += 10_000;
    const snapshot = machine.snapshot();
    return cpu_ms(() => machine.engine.evaluate(snapshot));
  });
  // All of them in one look are more than 2 s.
  expect(Math.min(...looks)).toBeLessThan(700);
});

test('who is among them and takes what matters is seen, and so is everybody else', () => {
  const machine = new Machine();
  machine.many(5_000, { comm: 'sh', uid: 1001, cmdline: LONG, rss_bytes: 5 * MB });
  const large = { cpu_percent: 100, rss_bytes: 500 * MB };
  machine.add({ comm: 'hog', uid: 1001, cmdline: `hog ${'x'.repeat(4_000)}`, ...large });
  machine.add({ comm: 'yes', uid: 1002, cpu_percent: 100, rss_bytes: MB });
  machine.pass(120);
  expect(brief(machine.said)).toEqual(['opened cpu_high warning', 'opened cpu_high warning']);
});

test('no crowd of long command lines puts the patterns of the whitelist out of use', () => {
  const patterns = Array.from({ length: 40 }, (_, i) => `[fo]x${i}|^ba[rz]${i}`);
  const { slow } = matchAll(
    patterns,
    Array.from({ length: 5_000 }, () => 'foo'.repeat(1_300)),
  );
  expect(slow).toEqual([]);
});
