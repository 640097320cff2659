import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_WATCHED } from '../../../src/sources/kernel/sensor.js';
import {
  attach,
  BPF_DIR,
  bpftraces,
  fixture,
  isRoot,
  type Observed,
  observe,
  scratch,
  script,
  until,
} from './helpers.js';

/** What one hostile agent, or very many agents, can do to the others. */
describe.skipIf(!isRoot)('very many terminals', () => {
  let seen: Observed | null = null;
  const ends: (() => void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await seen?.sensor.stop();
  });

  /** A program with so many terminals; `write` resolves when all of them got so many titles. */
  const open = async (count: number) => {
    const child = spawn('python3', ['-S', '-E', fixture('many-terminals.py'), String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    ends.push(() => child.kill('SIGKILL'));
    const said: string[] = [];
    createInterface({ input: child.stdout }).on('line', line => said.push(line));
    await until('its terminals', () => said.length > 0);
    const terminals = Number(said[0]!.split(' ')[1]);
    const write = async (titles: number, from = 0): Promise<number> => {
      const before = said.length;
      child.stdin.write(`${titles} ${from}\n`);
      await until('written', () => said.length > before);
      return Number(said.at(-1)!.split(' ')[1]);
    };
    return { pid: child.pid!, terminals, write };
  };

  it('of one agent have no more words than one, are counted, and leave the others theirs', async () => {
    seen = observe({ forceTier: 'tracepoint' });
    await attach(seen);
    const [hostile, honest] = await Promise.all([open(300), open(1)]);
    expect(hostile.terminals).toBeGreaterThan(250);
    seen.sensor.watch(new Set([hostile.pid, honest.pid]));
    const program = () => seen!.sensor.health().programs.find(({ name }) => name === 'terminal')!;
    await until('attached', () => program().state === 'running');
    const words = (pid: number) => seen!.events.filter(event => event.type === 'osc' && event.pid === pid);
    const start = performance.now();
    const written = await hostile.write(40);
    await honest.write(3);
    await until('the honest one', () => words(honest.pid).length === 3);
    await until('counted', () => /were left out/.test(program().missing.join()));
    const seconds = (performance.now() - start) / 1000;
    // Fifty in each second of the clock, of which a span touches one more than it lasts, the begun one counted whole.
    expect(words(hostile.pid).length).toBeLessThanOrEqual(50 * (Math.ceil(seconds) + 1));
    expect(words(hostile.pid).length).toBeLessThan(written / 4);
    // Output lines are ten a second, and one map for all: not one for each terminal.
    expect(seen.events.filter(event => event.type === 'output').length).toBeLessThan(30 * (seconds + 1));
    expect(program()).toMatchObject({ lost: 0, unparsed: 0 });
  });

  it('beyond what the maps of the kernel hold are watched as the first ones are', async () => {
    const [real] = bpftraces();
    const path = script(
      'small-maps',
      `#!/bin/sh\nexport BPFTRACE_MAP_KEYS_MAX=128 BPFTRACE_MAX_MAP_KEYS=128\nexec ${real!.path} "$@"\n`,
    );
    const bpfDir = join(scratch, 'small');
    mkdirSync(bpfDir, { recursive: true });
    for (const name of readdirSync(BPF_DIR)) {
      const text = readFileSync(join(BPF_DIR, name), 'utf8').replaceAll('VIGIL_MAX_TERMINALS', '64');
      writeFileSync(join(bpfDir, name), text);
    }
    seen = observe({ forceTier: 'tracepoint', bpftracePath: path, bpfDir });
    await attach(seen);
    const agent = await open(300);
    expect(agent.terminals).toBeGreaterThan(250);
    seen.sensor.watch(new Set([agent.pid]));
    const program = () => seen!.sensor.health().programs.find(({ name }) => name === 'terminal')!;
    await until('attached', () => program().state === 'running');
    await agent.write(2);
    const last = agent.terminals - 1;
    const titles = () =>
      seen!.events.filter(event => event.type === 'osc' && event.text.includes(`]2;${last} `));
    // 50 titles a second are told: the first ones of this second may have been others'.
    for (let i = 0; i < 20 && titles().length === 0; i++) {
      await agent.write(1, last);
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect(titles()).not.toEqual([]);
    expect(program()).toMatchObject({ lost: 0, unparsed: 0, restarts: 0 });
  });

  it('of as many agents as are watched are told on one line, and those beyond are named', async () => {
    const totals = `
import sys, time
pids = [int(line) for line in open(sys.argv[0] + '.pids')]
def say(text): print(text, flush=True)
say('{"type": "printf", "data": "H 1000000000000 0\\\\n"}')
time.sleep(0.5)
values = ', '.join('"%d,0": 7, "%d,1": 4096, "%d,2": 1000000000000, "%d,3": %d' % (p, p, p, p, p) for p in pids)
while True:
    say('{"type": "map", "data": {"@totals": {%s}}}' % values)
    say('{"type": "printf", "data": "H 1000000000000 0\\\\n"}')
    time.sleep(0.5)
`;
    const program = script('totals.py', totals);
    const pids = Array.from({ length: 5_000 }, (_, i) => 4_100_000 + i);
    script('totals.py.pids', pids.join('\n'));
    const path = script(
      'totals',
      `#!/bin/sh\n[ "$1" = --version ] && { echo bpftrace v0.99.0; exit; }\n[ "$1" = -lv ] && exit\nexec python3 -S -E ${program}\n`,
    );
    seen = observe({ bpftracePath: path, forceTier: 'tracepoint' });
    await attach(seen);
    seen.sensor.watch(new Set(pids));
    const outputs = () => new Set(seen!.events.map(event => (event.type === 'output' ? event.pid : 0)));
    await until('all that are watched', () => outputs().size >= MAX_WATCHED);
    const terminal = seen.sensor.health().programs.find(({ name }) => name === 'terminal')!;
    expect(terminal).toMatchObject({ unparsed: 0 });
    expect(terminal.missing).toEqual([
      `${pids.length - MAX_WATCHED} agents are not watched: ${MAX_WATCHED} at most`,
    ]);
    expect(outputs().size).toBe(MAX_WATCHED);
  });
});
