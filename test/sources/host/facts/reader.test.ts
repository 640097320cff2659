import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { HostFactsReader } from '../../../../src/sources/host/facts/reader.js';

const dir = mkdtempSync(join(tmpdir(), 'vigil-facts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A reader of what that script says, which counts how often it ran. */
function reading(name: string, script: string, timeout_ms?: number) {
  const file = join(dir, `${name}.mjs`);
  const runs = join(dir, `${name}.runs`);
  writeFileSync(runs, '');
  writeFileSync(file, `import { appendFileSync } from 'node:fs'; appendFileSync('${runs}', 'x'); ${script}`);
  return { reader: new HostFactsReader(file, timeout_ms), runs: () => readFileSync(runs, 'utf8').length };
}

it('reads this machine, with the built program', async () => {
  const facts = await new HostFactsReader(resolve('dist/sources/host/facts/main.js')).facts();
  expect(facts).toMatchObject({ kernel: release(), cpu: { model: expect.any(String) } });
  expect(facts?.cpu.logical_cores).toBeGreaterThanOrEqual(availableParallelism());
  expect(facts?.distribution).toMatch(/\w/);
});

it('once for all who ask', async () => {
  const { reader, runs } = reading('once', 'process.stdout.write(\'{"kernel":"6.1"}\')');
  const all = await Promise.all([reader.facts(), reader.facts()]);
  expect([...all, await reader.facts()]).toEqual(Array(3).fill({ kernel: '6.1' }));
  expect(runs()).toBe(1);
});

it.each([
  [
    'what hangs, with what it started',
    `import('node:child_process').then(m => m.spawn('sleep', ['1000']).on('spawn', () => setInterval(() => {}, 1000)))`,
  ],
  ['what says too much', "process.stdout.write('x'.repeat(1e6))"],
  ['what says nonsense', "process.stdout.write('no json')"],
  ['what fails', 'process.exit(3)'],
])('is not kept from its work by %s; it is tried again later', async (name, script) => {
  // Only what hangs needs the limit; a busy machine starts a program in seconds.
  const { reader, runs } = reading(name.replaceAll(/\W/g, ''), script, 8_000);
  expect(await reader.facts()).toBeNull();
  expect(await reader.facts()).toBeNull();
  expect(runs()).toBe(1);
  const later = performance.now() + 61_000;
  vi.spyOn(performance, 'now').mockReturnValue(later);
  expect(await reader.facts()).toBeNull();
  vi.restoreAllMocks();
  expect(runs()).toBe(2);
});
