import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ApiClient, connectToDaemon } from '../../src/api/client/index.js';
import { START, type TuiCommand, type Ui } from '../../src/cli/watch/model.js';
import { TuiCommands } from '../../src/cli/watch/tui-commands.js';
import type { Verdict } from '../../src/model/action.js';
import { fakeAgent } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { TestIo } from './io.js';

let rig: Rig;
let client: ApiClient | null;
let ui: Ui;
let refreshed: number;
beforeAll(async () => {
  rig = await Rig.start();
  client = await connectToDaemon({ runtimeDir: rig.dir });
});
afterAll(async () => {
  client?.close();
  await rig.stop();
});
beforeEach(() => {
  ui = { ...START, dialog: { kind: 'busy', title: 'waiting', ticket: 1 } };
  refreshed = 0;
});

const order = { pid: 4711, start_ticks: null, scope: 'process', force: false } as const;
const process_ = { pid: 4711, start_ticks: 99, uid: 0, comm: 'yes', cmdline: 'yes \u001b[2J' };
const allowed: Verdict = {
  allowed: true,
  risk: 'moderate',
  reason: 'you said so',
  steps: [
    {
      kind: 'terminate',
      scope: 'process',
      root: process_,
      pgid: 1,
      cgroup: null,
      targets: [process_],
      force: false,
    },
  ],
};

async function run(command: TuiCommand, daemon: ApiClient | null = client): Promise<Ui> {
  const commands = new TuiCommands(new TestIo(), {
    client: () => daemon,
    change: change => {
      ui = change(ui);
    },
    refresh: () => {
      refreshed++;
    },
  });
  await commands.run(command);
  return ui;
}

it('a preview shows what would be hit, and keeps hold of that very process', async () => {
  rig.daemon.verdict = allowed;
  const { dialog } = await run({ kind: 'preview', order, ticket: 1 });
  expect(dialog).toMatchObject({
    kind: 'confirm',
    allowed: true,
    order: { pid: 4711, start_ticks: 99 },
    lines: [expect.stringContaining('for 1 process'), '     4711  yes \\x1b[2J'],
  });
});

it('what is refused is said with its reason', async () => {
  rig.daemon.verdict = { ...allowed, allowed: false, reason: 'it is pid 1', steps: [] };
  const { dialog } = await run({ kind: 'preview', order, ticket: 1 });
  expect(dialog).toMatchObject({ kind: 'confirm', allowed: false, lines: ['Not done: it is pid 1'] });
});

it('an answer that nobody waits for any more is dropped', async () => {
  rig.daemon.verdict = allowed;
  ui = { ...START, dialog: { kind: 'busy', title: 'another', ticket: 2 } };
  expect((await run({ kind: 'preview', order, ticket: 1 })).dialog).toMatchObject({ ticket: 2 });
  ui = START;
  expect((await run({ kind: 'preview', order, ticket: 1 })).dialog).toBeNull();
});

it('what was ended is told in a line, what was not in full', async () => {
  ui = START;
  expect(await run({ kind: 'kill', order: { ...order, start_ticks: 99 } })).toMatchObject({
    notice: 'it is gone',
    dialog: null,
  });
  expect(rig.daemon.kills.at(-1)).toMatchObject({ pid: 4711, start_ticks: 99, scope: 'process' });
  rig.daemon.services.actions.kill = async () => ({
    time_ms: 0,
    outcome: 'failed',
    after: null,
    message: 'it is still there',
    processes: [{ process: process_, fate: 'blocked', signals: ['SIGKILL'], took_ms: null, note: null }],
  });
  const { dialog } = await run({ kind: 'kill', order });
  expect(dialog).toMatchObject({
    kind: 'text',
    lines: ['it is still there', expect.stringContaining('hangs in the kernel')],
  });
  expect(refreshed).toBe(2);
});

it('details, whitelist and pause reach the daemon', async () => {
  rig.daemon.list = [fakeAgent({ pid: 7 })];
  const { dialog } = await run({ kind: 'agent_details', pid: 7, ticket: 1 });
  expect(dialog).toMatchObject({ kind: 'text', lines: expect.arrayContaining(['Evidence, newest first:']) });
  expect((await run({ kind: 'whitelist', pattern: 'fire*' })).notice).toMatch(/fire\* .*whitelist remove 1/);
  expect(rig.daemon.entries).toMatchObject([{ pattern: 'fire*', match_type: 'name' }]);
  await run({ kind: 'pause', paused: true });
  expect(rig.daemon.isPaused).toBe(true);
  await run({ kind: 'pause', paused: false });
  expect(rig.daemon.isPaused).toBe(false);
});

it('what goes wrong is said, where it was asked for', async () => {
  rig.daemon.list = [];
  expect((await run({ kind: 'agent_details', pid: 8, ticket: 1 })).dialog).toMatchObject({
    title: 'No answer',
    lines: ['pid 8 belongs to no agent that vigil knows'],
  });
  expect((await run({ kind: 'whitelist', pattern: '*' })).notice).toMatch(/matches every process/);
  expect((await run({ kind: 'focus', pid: 8 })).notice).toMatch(/belongs to no agent/);
  expect((await run({ kind: 'pause', paused: true }, null)).notice).toBe('no daemon answers now');
});

it('an agent of somebody else is not focused', async () => {
  rig.daemon.list = [fakeAgent({ pid: 7, uid: process.geteuid!() + 1 })];
  expect((await run({ kind: 'focus', pid: 7 })).notice).toBe('that is no agent of yours');
});
