import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Session } from '../../../src/agents/tracker/session.js';
import { AgentPlaces } from '../../../src/agents/transcripts/agent-place.js';
import { claudeCode } from '../../../src/agents/types/claude-code/index.js';
import type { Observation } from '../../../src/model/observation.js';
import { HELPER_SCRIPT } from '../../../src/outputs/helpers/helper-command.js';
import { readFacts } from '../../../src/sources/procfs/read.js';
import { until } from '../../daemon/until.js';
import { PoolRig } from './pool-rig.js';

/** Agents in mounts, pids and users of their own: their files are read there, with their rights. */

const ROOT = process.getuid!() === 0;
const SOMEBODY = 54_321;
const dist = HELPER_SCRIPT.replace('/src/', '/dist/');

let dir: string;
let container: ChildProcess | null;
let session: Session | null;
let rig: PoolRig;
let read: Observation[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-container-'));
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, 'run'));
  mkdirSync(join(dir, 'home'));
  container = null;
  session = null;
  read = [];
  rig = new PoolRig({
    agents: { sessions: () => (session ? [session] : []), find: () => session ?? undefined },
    procRoot: '/proc',
    place: {
      euid: 0,
      node: process.execPath,
      script: dist,
      runtimeBase: join(dir, 'run'),
      boot_ms: 0,
      env: {},
    },
  });
  rig.bus.on('test', 'agent.file_read', observation => void read.push(observation));
});

afterEach(async () => {
  // The first of its pid namespace: with it all that is in there ends.
  if (session !== null) process.kill(session.pid, 'SIGKILL');
  container?.kill('SIGKILL');
  await rig.pool.stop();
  rmSync(dir, { recursive: true });
});

/** Runs a script as `uid` where a folder of its own is mounted at `home`; resolves when it wrote `ready`. */
async function contained(options: readonly string[], uid: number, script: string): Promise<Session> {
  const home = join(dir, 'home');
  writeFileSync(
    join(dir, 'init'),
    `set -e
mount -t tmpfs -o mode=755 none ${home}
chown ${uid}:${uid} ${home}
exec setpriv --reuid ${uid} --regid ${uid} --clear-groups --no-new-privs env HOME=${home} sh ${join(dir, 'agent')}\n`,
  );
  writeFileSync(
    join(dir, 'agent'),
    `set -e
mkdir -p ~/.claude/sessions ~/.claude/projects/-work
ticks=$(sed 's/.*) //' /proc/self/stat | cut -d' ' -f20)
ticks=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)
${script}
echo ready
exec sleep 600\n`,
  );
  const args = ['-m', '-p', '-f', '--mount-proc', '--kill-child', ...options, 'sh', join(dir, 'init')];
  container = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  container.stdout!.on('data', text => {
    said += text;
  });
  await until('ready', () => said.includes('ready'), 30_000);
  const pid = Number(readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim());
  const facts = readFacts('/proc', pid)!;
  const { start_ticks, started_ms } = facts;
  const made = { pid, uid, ending: null, type: claudeCode, state: 'WORKING', title: null, tty: null };
  return {
    ...made,
    ...{ cwd: '/work', start_ticks, started_ms, session_id: null, command: 'claude', members: new Map() },
  } as unknown as Session;
}

const REGISTERED = `echo '{"pid":'$$',"procStart":"'$ticks'","status":"waiting","sessionId":"s-1","cwd":"/work"}' > ~/.claude/sessions/$$.json
echo '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"make"}}]}}' > ~/.claude/projects/-work/s-1.jsonl`;

async function watch(): Promise<void> {
  const place = new AgentPlaces('/proc').of(session!);
  rig.pool.start();
  rig.pool.reader(session!, `${join(dir, 'home')}/.claude`, place)!.start();
}

it.skipIf(!ROOT).each([
  ['a user', SOMEBODY, []],
  ['root', 0, []],
  ['a user in a time of its own', SOMEBODY, ['-T', '--boottime', '7200']],
])(
  'of %s is heard by the pid that it has there',
  async (_who, uid, options) => {
    session = await contained(options, uid, REGISTERED);
    const home = join(dir, 'home');
    expect(existsSync(`${home}/.claude`)).toBe(false);
    await watch();
    await until('both read', () => read.length >= 2, 30_000);
    expect(read).toContainEqual(
      expect.objectContaining({
        type: 'registry',
        pid: session.pid,
        entry: expect.objectContaining({ status: 'waiting', start_ticks: session.start_ticks }),
      }),
    );
    expect(read).toContainEqual(
      expect.objectContaining({
        type: 'transcript',
        entry: expect.objectContaining({ phase: 'tool', detail: 'Bash: make' }),
      }),
    );
  },
  90_000,
);

it.skipIf(!ROOT)(
  'root’s helper reads there without root’s might',
  async () => {
    session = await contained(
      [],
      0,
      `${REGISTERED}
chmod 000 ~/.claude/projects/-work/s-1.jsonl`,
    );
    await watch();
    await until('registry', () => read.some(({ type }) => type === 'registry'), 30_000);
    const [helper] = rig.states();
    const status = readFileSync(`/proc/${helper!.pid}/status`, 'utf8');
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(read.some(({ type }) => type === 'transcript')).toBe(false);
  },
  90_000,
);
