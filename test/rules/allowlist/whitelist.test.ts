import { expect, test } from 'vitest';
import { checkEntry, type MatchType, Whitelist } from '../../../src/rules/allowlist/whitelist.js';
import { rulesSchema } from '../../../src/rules/config.js';
import { brief, Machine, MB } from '../machine.js';

const entryOf = ([pattern, match_type]: [string, MatchType], id = 1) => ({
  ...{ id, pattern, match_type },
  ...{ reason: '', created_ms: 0 },
});

function whitelist(...entries: [pattern: string, match_type: MatchType][]): Whitelist {
  const list = new Whitelist(rulesSchema.parse({}).allowlist);
  expect(list.use(entries.map(entryOf))).toEqual([]);
  return list;
}

function matches(list: Whitelist, comm: string, cmdline = comm): boolean {
  return list.matches([{ pid: 5, start_ticks: 1, uid: 1000, comm, cmdline }])[0]!;
}

test.each<[string, MatchType, string, string, boolean]>([
  ['dbus-daemon', 'name', 'dbus-daemon', 'dbus-daemon', true],
  ['dbus', 'name', 'dbus-daemon', 'dbus-daemon', false],
  ['dbus*', 'name', 'dbus-daemon', 'dbus-daemon', true],
  ['*helper*', 'name', 'chrome_helper_x', 'x', true],
  ['a.c', 'name', 'abc', 'abc', false],
  // comm is cut at 15 characters; the file name is not.
  ['a-very-long-program-name', 'name', 'a-very-long-pro', '/opt/a-very-long-program-name --x', true],
  ['server.js --dev', 'cmdline', 'node', 'node server.js --dev', true],
  ['server.js --dev', 'cmdline', 'node', 'node server.js', false],
  ['^python3? .*train', 'regex', 'python', 'python /srv/train.py', true],
  ['^train', 'regex', 'python', 'python /srv/train.py', false],
])('%s as %s on %s: %s → %s', (pattern, type, comm, cmdline, expected) => {
  expect(matches(whitelist([pattern, type]), comm, cmdline)).toBe(expected);
});

test.each<[string, MatchType, RegExp]>([
  ['', 'name', /empty/],
  ['*', 'name', /every process/],
  ['/usr/bin/x', 'name', /cmdline/],
  ['(', 'regex', /no regular expression/],
  ['.*', 'regex', /every process/],
  ['(a+)+$', 'regex', /too long/],
  ['x'.repeat(501), 'cmdline', /longer than 500/],
])('refuses %s as %s', (pattern, match_type, reason) => {
  expect(checkEntry({ pattern, match_type })).toMatch(reason);
  const list = new Whitelist(rulesSchema.parse({}).allowlist);
  const good = entryOf(['firefox', 'name']);
  const refused = list.use([entryOf([pattern, match_type]), good]);
  expect(refused.map(({ why }) => why)).toEqual([expect.stringMatching(reason)]);
  expect(matches(list, 'firefox')).toBe(true);
});

test('a regular expression that comes to no end is put out of use, and the others go on', () => {
  const ignore = ['^(\\w+\\s?)*$', 'train'].map(pattern => ({
    pattern,
    match_type: 'regex' as const,
    reason: '',
  }));
  const tooSlow: string[] = [];
  const list = new Whitelist({ ignore_commands: [], ignore }, pattern => tooSlow.push(pattern));
  const ref = (cmdline: string) => ({ pid: 5, start_ticks: 1, uid: 1000, comm: 'x', cmdline });
  // A pattern that got no CPU is not blamed, and nothing is known then: a busy machine needs more looks.
  const known = (...cmdlines: string[]) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = list.matches(cmdlines.map(ref));
      if (!found.includes(null)) return found;
    }
    return null;
  };
  const hard = `${'a'.repeat(60)}!`;
  list.matches([hard, 'python train.py'].map(ref));
  // Once late may be by chance.
  expect(tooSlow).toEqual([]);
  for (let looks = 0; looks < 3; looks++) expect(known(hard, 'python train.py')).toEqual([false, true]);
  expect(tooSlow).toEqual(['^(\\w+\\s?)*$']);
  expect(known('harmless words', 'python train.py')).toEqual([false, true]);
});

test('the configuration refuses what the command line refuses', () => {
  const refused = rulesSchema.safeParse({
    allowlist: { ignore: [{ pattern: '(a+)+$', match_type: 'regex' }] },
  });
  expect(refused.error?.issues[0]).toMatchObject({ path: ['allowlist', 'ignore', 0, 'pattern'] });
});

test('names in the configuration count', () => {
  const list = new Whitelist(
    rulesSchema.parse({ allowlist: { ignore_commands: ['Xorg', 'dbus*'] } }).allowlist,
  );
  expect(matches(list, 'Xorg')).toBe(true);
  expect(matches(list, 'dbus-broker')).toBe(true);
  expect(matches(list, 'Xwayland')).toBe(false);
});

test('an entry closes the alert at once, silences the process, and lets it speak again when removed', () => {
  const machine = new Machine();
  machine.add({ comm: 'spin', cmdline: '/opt/spin', cpu_percent: 100, rss_bytes: 50 * MB });
  expect(brief(machine.pass(90))).toEqual(['opened cpu_high warning']);
  const { whitelist } = machine.engine;
  whitelist.use([entryOf(['spin', 'name'])]);
  expect(brief(machine.engine.applyWhitelist(machine.now_ms))).toEqual(['resolved cpu_high warning']);
  expect(machine.pass(600)).toEqual([]);
  whitelist.use([]);
  machine.engine.applyWhitelist(machine.now_ms);
  expect(brief(machine.pass(90))).toEqual(['opened cpu_high warning']);
});
