import { expect, it } from 'vitest';
import { StoreAudit } from '../../src/actions/store-audit.js';
import type { ActionRecord, ActionResult } from '../../src/model/action.js';
import { Rig } from '../store/rig.js';
import { alertOf, auto, live } from './fakes.js';

const target = live(100);
const record: ActionRecord = {
  time_ms: Date.UTC(2026, 0, 1),
  alert_id: alertOf('orphan', []).id,
  rule: 'orphan',
  requester: auto,
  mode: 'auto',
  dry_run: false,
  type: 'kill_process',
  risk: 'safe',
  reason: 'left over',
  text: 'end node (pid 100)',
  steps: [
    {
      kind: 'terminate',
      scope: 'process',
      root: target,
      pgid: 1,
      cgroup: null,
      targets: [target],
      force: false,
    },
  ],
  evidence: ['left over', 'claude (pid 500) → node'],
  session: null,
  before: { processes: 1, rss_bytes: 4096 },
};
const result: ActionResult = {
  time_ms: Date.UTC(2026, 0, 2),
  outcome: 'done',
  processes: [{ process: target, fate: 'terminated', signals: ['SIGTERM'], took_ms: 5, note: null }],
  after: { processes: 0, rss_bytes: 0 },
  message: '1 ended after SIGTERM',
};
const COLUMNS = 'SELECT requested_by, what, result FROM actions';

it('a record is on disk before anything is done, and is completed afterwards', async () => {
  const rig = new Rig();
  const audit = new StoreAudit(await rig.open());
  const id = await audit.begin(record);
  expect(rig.read(COLUMNS)).toEqual([{ requested_by: 'vigil itself', what: 'kill_process', result: null }]);
  await audit.finish(id, result);
  expect(rig.read(COLUMNS)).toMatchObject([{ result: 'done: 1 ended after SIGTERM' }]);
  const text = JSON.stringify(rig.read('SELECT * FROM actions'));
  for (const part of ['claude (pid 500)', 'terminated', 'SIGTERM', 'rss_bytes', 'mcp-server.js'])
    expect(text).toContain(part);
});

it('where it cannot be written it is refused, and does not look begun later', async () => {
  const written: unknown[] = [];
  const audit = new StoreAudit({
    nextActionId: () => 1,
    writeAction: async row => {
      written.push(row.result);
      return false;
    },
  });
  await expect(audit.begin(record)).rejects.toThrow('cannot be written');
  expect(written).toEqual([null, 'refused: not recorded in time, so nothing was done']);
});
