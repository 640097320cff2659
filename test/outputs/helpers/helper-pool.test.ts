import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../../src/agents/tracker/session.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import { Users } from '../../../src/lib/os/users.js';
import { until } from '../../daemon/until.js';
import { agentOf, PoolRig } from './pool-rig.js';

/** Who gets a helper, and how many there are. */

const FIRST_UID = 4_200_000;
const GID = 4_300_000;
let dir: string;
let rig: PoolRig;
let sessions: Session[];
let log: string[];

const agent = (uid: number) => agentOf(uid, 4_000_000 + sessions.length);

/** A program in the place of Node.js: it stays until it is told to go. */
function program(name: string, script: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function make(node: string, script: string): void {
  rig = new PoolRig({
    logger: createLogger({ level: 'warn', format: 'json', write: text => void log.push(text) }),
    users: new Users('/etc/passwd', async () => 'unknown'),
    agents: { sessions: () => sessions, find: () => undefined },
    procRoot: dir,
    place: { euid: 0, node, script, runtimeBase: join(dir, 'run'), boot_ms: 0, env: {} },
  });
}

const count = (state: string) => rig.states().filter(helper => helper.state === state).length;

describe.runIf(process.geteuid!() === 0)('helpers of many users', () => {
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-pool-'));
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'run'));
    sessions = [];
    log = [];
  });
  afterEach(async () => {
    await rig.pool.stop();
    rmSync(dir, { recursive: true });
  });

  const login = (uid: number) => {
    mkdirSync(join(dir, 'run', String(uid)));
    chownSync(join(dir, 'run', String(uid)), uid, GID);
  };

  it('are a bounded number, and who gets none is told why', async () => {
    for (let i = 0; i < 20; i++) login(FIRST_UID + i);
    for (let i = 0; i < 20; i++) sessions.push(agent(FIRST_UID + i));
    make(program('node', 'exec cat >/dev/null'), '/x');
    rig.pool.start();
    await until('all that there may be', () => count('running') === 16 && count('unavailable') === 4);
    const problems = rig.states().flatMap(({ problem }) => problem ?? []);
    expect(problems).toHaveLength(4);
    for (const problem of problems) expect(problem).toMatch(/^16 other users .*have helpers already$/);
  }, 60_000);

  it('numbers that nobody has logged in as take nothing from those', async () => {
    for (let i = 0; i < 2_000; i++) sessions.push(agent(FIRST_UID + i));
    login(FIRST_UID + 3_000);
    sessions.push(agent(FIRST_UID + 3_000));
    make(program('node', 'exec cat >/dev/null'), '/x');
    rig.pool.start();
    await until('the one of who has logged in', () =>
      rig.states().some(({ uid, state }) => uid === FIRST_UID + 3_000 && state === 'running'),
    );
    expect(count('running')).toBe(1);
    expect(rig.states().length).toBeLessThan(150);
    // Nobody guesses their group.
    expect(rig.states()).toContainEqual(
      expect.objectContaining({ problem: expect.stringMatching(/no process of theirs tells a group/) }),
    );
    expect(log.length).toBeLessThan(50);
  }, 60_000);

  it('a program that its user may not read is said once, with what to do', async () => {
    login(FIRST_UID);
    sessions.push(agent(FIRST_UID));
    const closed = join(dir, 'closed');
    mkdirSync(closed);
    writeFileSync(join(closed, 'helper.js'), '');
    copyFileSync('/dev/null', join(closed, 'x'));
    chmodSync(closed, 0o700);
    make(process.execPath, join(closed, 'helper.js'));
    rig.pool.start();
    await until('the refusal', () => count('unavailable') === 1);
    const [helper] = rig.states();
    expect(helper!.problem).toContain(`${closed} is closed to them (mode 0700)`);
    expect(helper!.problem).toContain('make install');
    expect(rig.pool.health({ kind: 'all' }).problems).toEqual([`helper of ${FIRST_UID}: ${helper!.problem}`]);
    expect(rig.pool.states({ kind: 'user', uid: FIRST_UID })).toHaveLength(1);
    for (const viewer of [{ kind: 'user', uid: FIRST_UID + 1 }, { kind: 'none' }] as const) {
      expect(rig.pool.states(viewer)).toEqual([]);
      expect(rig.pool.health(viewer).problems).toEqual([]);
    }
    for (let i = 0; i < 10; i++) {
      rig.alerts();
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    expect(log).toHaveLength(1);
    expect(count('unavailable')).toBe(1);
  }, 60_000);
});
