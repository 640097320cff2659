import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DismissedAlerts } from '../../../src/outputs/desktop/notify/dismissed-alerts.js';
import { PopupScheduler } from '../../../src/outputs/desktop/notify/popup-scheduler.js';
import type { HelperAlert } from '../../../src/outputs/desktop/protocol.js';
import { helperConfig } from './helper-rig.js';

let dir: string;
const file = () => join(dir, 'vigil', 'alerts.json');
const warnings: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-put-away-'));
  warnings.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true }));

const leak: HelperAlert = {
  id: 7,
  opened_ms: 1_000.25,
  severity: 'high',
  title: 'a leak',
  text: 'it grows',
  suggestion: null,
  status: 'open',
};

/** A helper as it begins: what it shows of these alerts. */
function helper(config = helperConfig().notifications) {
  const dismissed = new DismissedAlerts(dir, (_level, message) => warnings.push(message));
  const scheduler = new PopupScheduler(config, 0, dismissed);
  const shown = (alerts: HelperAlert[]) => [
    ...scheduler.intents({ agents: [], alerts, isSeen: () => false, now_ms: 0 }, []).keys(),
  ];
  return { shown, dismiss: (id: number) => scheduler.dismissed(`alert:${id}`, `alert ${id}`) };
}

it('what was dismissed stays so for the next helper, until it gets worse; what was not is shown again', () => {
  const first = helper();
  const other = { ...leak, id: 8 };
  expect(first.shown([leak, other])).toEqual(['alert:8', 'alert:7']);
  first.dismiss(7);
  expect(first.shown([leak, other])).toEqual(['alert:8']);
  const second = helper();
  // Before it is told of alerts it knows of none.
  expect(second.shown([])).toEqual([]);
  expect(second.shown([leak, other])).toEqual(['alert:8']);
  expect(second.shown([{ ...leak, severity: 'critical' }])).toEqual(['alert:7']);
  second.dismiss(7);
  expect(helper().shown([{ ...leak, severity: 'critical' }])).toEqual([]);
});

it('the alert with the same number of another history is another one', () => {
  const first = helper();
  first.shown([leak]);
  first.dismiss(7);
  expect(helper().shown([{ ...leak, opened_ms: 2_000 }])).toEqual(['alert:7']);
});

it.each<[string, () => void]>([
  ['is broken', () => writeFileSync(file(), '[{"id":7,')],
  ['says something else', () => writeFileSync(file(), '[{"id":"7"}]')],
  ['is huge', () => writeFileSync(file(), ' '.repeat(1 << 20))],
  ['is a link', () => symlinkSync('/etc/passwd', file())],
])('a list that %s counts for nothing and is written anew', (_what, make) => {
  mkdirSync(join(dir, 'vigil'));
  make();
  const first = helper();
  expect(first.shown([leak])).toEqual(['alert:7']);
  first.dismiss(7);
  expect(helper().shown([leak])).toEqual([]);
  expect(readFileSync('/etc/passwd', 'utf8')).toContain('root');
});

it('what cannot be remembered is said once, and holds for this helper', () => {
  symlinkSync('/', join(dir, 'vigil'));
  const { shown, dismiss } = helper();
  shown([leak, { ...leak, id: 8 }]);
  dismiss(7);
  dismiss(8);
  expect(shown([leak])).toEqual([]);
  expect(warnings).toEqual([
    'cannot remember which alerts were dismissed: the folder is not a folder, or is a symbolic link',
  ]);
});

it('the list is bounded', () => {
  const { shown, dismiss } = helper();
  for (let id = 1; id <= 1_000; id++) {
    shown([{ ...leak, id }]);
    dismiss(id);
  }
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toHaveLength(200);
  expect(helper().shown([{ ...leak, id: 1_000 }])).toEqual([]);
});
