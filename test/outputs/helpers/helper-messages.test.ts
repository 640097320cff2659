import { afterEach, expect, it } from 'vitest';
import type { Session } from '../../../src/agents/tracker/session.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import { FileMessages } from '../../../src/outputs/helpers/helper-messages.js';
import { UserHelper } from '../../../src/outputs/helpers/user-helper.js';
import { until } from '../../daemon/until.js';

/** What a helper says is its user's word, whoever wrote the helper's code: here its user did. */

const UID = 4242;
const STAY = 'process.stdin.resume().on("end", () => process.exit());';
let helper: UserHelper | null = null;
afterEach(async () => {
  await helper?.stop();
  helper = null;
});

function start(script: string, seen = () => {}): string[] {
  const log: string[] = [];
  helper = new UserHelper({
    uid: UID,
    command: { file: process.execPath, args: ['-e', script], env: {} },
    logger: createLogger({ level: 'debug', format: 'json', write: text => void log.push(text) }),
    config: () => ({ type: 'transcripts', sessions: [] }),
    find: () => ({ uid: UID }) as Session,
    feed: () => {},
    begun: () => {},
    seen,
  });
  helper.start();
  return log;
}

it('its words cannot pass for the daemon’s', async () => {
  const forged = {
    type: 'log',
    level: 'error',
    message: 'vigil is compromised',
    fields: { level: 60, time: 1, pid: 1, msg: 'all is lost', uid: 0, hostname: 'x', err: 'y' },
  };
  const log = start(`console.log(${JSON.stringify(JSON.stringify(forged))});${STAY}`);
  await until('it to be logged', () => log.length > 0);
  const record = JSON.parse(log[0]!) as Record<string, unknown>;
  const { time, ...rest } = record;
  expect(time).toBeGreaterThan(1e12);
  expect(rest).toEqual({
    level: 40,
    uid: UID,
    msg: "a user's helper says something",
    helper: { said: forged.message, fields: forged.fields },
  });
});

it('that its person looked is handed on, for its own agents', async () => {
  let seen = 0;
  start(`console.log('{"type":"unseen","counts":[[7,2]]}');${STAY}`, () => void seen++);
  await until('it to be told', () => seen === 1);
  expect(helper!.unseen(7)).toBe(2);
});

it('how to attach to its sessions is no other command', async () => {
  const said = (command: string) => JSON.stringify({ type: 'detached', commands: [[7, command]] });
  const lines = [
    'tmux attach -t x; rm -rf ~',
    "tmux attach -t 'x\ny'",
    'sh -c id',
    "tmux -L lab attach -t 'my work'",
  ];
  start(`for (const line of ${JSON.stringify(lines.map(said))}) console.log(line);${STAY}`);
  await until('the good one to be told', () => helper!.attach(7) !== null);
  expect(helper!.attach(7)).toBe("tmux -L lab attach -t 'my work'");
});

it('they do not fill the log, however patiently it speaks; what is left out is counted', async () => {
  const line = JSON.stringify({
    type: 'log',
    level: 'warn',
    message: 'x'.repeat(500),
    fields: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'y'.repeat(40)])),
  });
  // Below what would be a flood.
  const log = start(
    `let n = 0; const t = setInterval(() => { for (let i = 0; i < 20; i++) console.log(${JSON.stringify(line)}); if (++n === 100) clearInterval(t); }, 330);${STAY}`,
  );
  await until('some to be left out', () => helper!.health().dropped > 10);
  const bytes = log.join('').length;
  expect(bytes).toBeLessThan(200_000);
  expect(helper!.health()).toMatchObject({ floods: 0, state: 'running' });
});

it('what it floods with is not logged, it is ended, and that is counted', async () => {
  const line = JSON.stringify({ type: 'log', level: 'info', message: 'x'.repeat(500), fields: {} });
  const log = start(
    `const go = () => process.stdout.write(${JSON.stringify(`${line}\n`)}.repeat(100), go); go();`,
  );
  await until('its end', () => helper!.health().floods > 0);
  expect(log.join('').length).toBeLessThan(100_000);
  // The second time it stays away for longer.
  const waits = () =>
    log
      .map(text => (JSON.parse(text) as { again_in_ms?: number }).again_in_ms)
      .filter(ms => ms !== undefined);
  await until('another end', () => waits().length > 1);
  expect(waits()[1]! / waits()[0]!).toBeGreaterThanOrEqual(4);
});

it('of what it reads in files the newest of each agent reaches the tracker, at a bounded pace', async () => {
  const delivered: { pid: number; at_ms: number }[] = [];
  const files = new FileMessages(message => {
    if (message.type === 'transcript') delivered.push({ pid: message.pid, at_ms: message.entry?.at_ms ?? 0 });
  });
  for (let at_ms = 1; at_ms <= 10_000; at_ms++) {
    for (const pid of [1, 2])
      files.take({
        type: 'transcript',
        pid,
        entry: { phase: 'working', detail: null, session_id: null, at_ms },
      });
  }
  expect(delivered.length).toBeLessThan(1_000);
  const isLast = (pid: number) => delivered.filter(one => one.pid === pid).at(-1)?.at_ms === 10_000;
  await until('the newest of each', () => isLast(1) && isLast(2));
  expect(delivered.length).toBeLessThan(1_000);
  expect(files.dropped).toBeGreaterThan(19_000);
  files.clear();
});

it('of conversations that a helper makes up only so many wait', () => {
  const delivered: string[] = [];
  const files = new FileMessages(message => {
    if (message.type === 'transcript') delivered.push(message.conversation?.id ?? '');
  });
  const entry = { phase: 'working', detail: null, session_id: null, at_ms: 0 } as const;
  for (let i = 0; i < 20_000; i++)
    files.take({ type: 'transcript', pid: 1, entry, conversation: { id: String(i), cwd: null } });
  expect(delivered.length + files.dropped).toBeGreaterThanOrEqual(20_000 - 1_000);
  files.clear();
});
