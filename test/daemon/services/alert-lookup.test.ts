import { expect, it } from 'vitest';
import { AlertLookup } from '../../../src/daemon/services/alert-lookup.js';
import { NotWrittenError } from '../../../src/rules/allowlist/whitelist.js';

function lookup(cleared: number, written: Promise<boolean>) {
  let asked = 0;
  const alerts = { open: () => [], resolved: () => [], clear: () => cleared };
  const store = {
    queryFor: async () => null,
    sync: () => {
      asked++;
      return written;
    },
  };
  return { alerts: new AlertLookup(alerts, store), asked: () => asked };
}

it('alerts are cleared for whoever asks when that is on the disk, not before', async () => {
  let write: (written: boolean) => void = () => {};
  const { alerts } = lookup(2, new Promise(resolve => (write = resolve)));
  let answer: number | null = null;
  const cleared = alerts.clear(() => true).then(count => (answer = count));
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(answer).toBeNull();
  write(true);
  expect(await cleared).toBe(2);
});

it('who is answered is told when it could not be written down', async () => {
  const { alerts } = lookup(1, Promise.resolve(false));
  await expect(alerts.clear(() => true)).rejects.toThrow(NotWrittenError);
});

it('nothing is waited for where nothing was cleared', async () => {
  const { alerts, asked } = lookup(0, new Promise(() => {}));
  expect(await alerts.clear(() => true)).toBe(0);
  expect(asked()).toBe(0);
});
