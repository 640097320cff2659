import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Session } from '../../../src/agents/tracker/session.js';
import { AgentPlaces } from '../../../src/agents/transcripts/agent-place.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import { until } from '../../daemon/until.js';
import { agentOf, PoolRig } from './pool-rig.js';

const installed = vi.hoisted(() => ({ setpriv: false }));
vi.mock('../../../src/lib/files/find-program.js', async original => {
  const real = await original<typeof import('../../../src/lib/files/find-program.js')>();
  return {
    findProgram: (...[name, options]: Parameters<typeof real.findProgram>) =>
      ['setpriv', 'choom'].includes(name) && !installed.setpriv ? null : real.findProgram(name, options),
  };
});

/** A user who cannot have a helper now may have one later: util-linux is being upgraded, say. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const NOBODY = 65_534;
const ROOT = process.getuid!() === 0;

let dir: string;
let rig: PoolRig;
let log: string;
let sessions: Session[];
let lastPid = 4_000_000;

const agent = (uid: number) => agentOf(uid, ++lastPid);

beforeEach(() => {
  installed.setpriv = false;
  log = '';
  sessions = [];
  dir = mkdtempSync(join(tmpdir(), 'vigil-refused-'));
  mkdirSync(join(dir, 'run'));
  chmodSync(dir, 0o777);
  // It writes down whatever it is told.
  writeFileSync(
    join(dir, 'helper.mjs'),
    `import { appendFileSync } from 'node:fs';
process.stdin.on('data', text => appendFileSync('${dir}/told', text));\n`,
  );
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  rig = new PoolRig({
    logger: createLogger({
      level: 'warn',
      format: 'json',
      write: text => {
        log += text;
      },
    }),
    agents: { sessions: () => sessions, find: () => undefined },
    procRoot: dir,
    place: {
      euid: 0,
      node: process.execPath,
      script: join(dir, 'helper.mjs'),
      runtimeBase: join(dir, 'run'),
      boot_ms: 0,
      env: {},
    },
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await rig.pool.stop();
  rmSync(dir, { recursive: true });
});

const states = () => rig.states().map(({ state }) => state);
/** Not a moment longer: a helper that is left alone for minutes of this clock is one that hangs. */
async function startedWithin(minutes: number): Promise<void> {
  for (let s = 0; s <= minutes * 60 && states()[0] === 'unavailable'; s += 15)
    await vi.advanceTimersByTimeAsync(15 * SECOND_MS);
  expect(states()).toEqual(['running']);
}
const warnings = () => log.split('\n').filter(line => line.includes('no desktop')).length;

it.skipIf(!ROOT)('what is missing is looked for again after ten minutes, and said once', async () => {
  sessions = [agent(0)];
  rig.pool.start();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(rig.states()).toMatchObject([{ state: 'unavailable', problem: expect.stringMatching(/setpriv/) }]);
  await vi.advanceTimersByTimeAsync(30 * MINUTE_MS);
  expect(states()).toEqual(['unavailable']);
  expect(warnings()).toBe(1);
  installed.setpriv = true;
  await startedWithin(10);
});

it.skipIf(!ROOT)(
  'then the files of sessions are read that nobody could read before',
  async () => {
    const theirs = agent(NOBODY);
    sessions = [theirs];
    const folder = '/home/x/.claude';
    const place = new AgentPlaces('/proc').of(theirs);
    const reader = (of: Session) => rig.pool.reader(of, folder, place)!;
    const [first, second] = [reader(theirs), reader(agent(NOBODY))];
    first.start();
    second.start();
    second.close();
    expect(states()).toEqual(['unavailable']);
    installed.setpriv = true;
    rig.pool.start();
    await startedWithin(10);
    vi.useRealTimers();
    const told = () => (existsSync(join(dir, 'told')) ? readFileSync(join(dir, 'told'), 'utf8') : '');
    const read = () =>
      told()
        .split('\n')
        .filter(line => line.includes('"transcripts"'))
        .map(line => (JSON.parse(line) as { sessions: { pid: number }[] }).sessions.map(({ pid }) => pid));
    await until('the helper to be told what to read', () => (read().at(-1) ?? []).length > 0);
    expect(read().at(-1)).toEqual([theirs.pid]);
  },
  120_000,
);
