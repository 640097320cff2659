import { expect, test } from 'vitest';
import { RuntimeWhitelist } from '../../../src/daemon/alerts/whitelist.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import { Whitelist } from '../../../src/rules/allowlist/whitelist.js';

test('without a history it holds what is added, once, until it is removed', async () => {
  const rules = new Whitelist({ ignore_commands: [], ignore: [] });
  const isIgnored = (comm: string) =>
    rules.matches([{ pid: 5, start_ticks: 1, uid: 1000, comm, cmdline: comm }])[0];
  let changes = 0;
  const logger = createLogger({ level: 'fatal', format: 'json' });
  const list = new RuntimeWhitelist(null, rules, logger, () => changes++);
  const firefox = { pattern: 'firefox', match_type: 'name' as const, reason: 'mine' };
  const added = await list.add(firefox);
  expect(await list.add(firefox)).toEqual(added);
  expect(list.list()).toEqual([added]);
  expect(isIgnored('firefox')).toBe(true);
  await expect(list.add({ ...firefox, pattern: '*' })).rejects.toThrow('every process');
  expect(await list.remove(added.id)).toBe(true);
  expect(await list.remove(added.id)).toBe(false);
  expect(isIgnored('firefox')).toBe(false);
  expect(changes).toBeGreaterThanOrEqual(2);
});
