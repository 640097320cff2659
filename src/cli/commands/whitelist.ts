import type { WhitelistEntry } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { clockTime } from '../ui/format.js';
import { table } from '../ui/table.js';

export const whitelistList = defineCommand({
  usage: 'whitelist list',
  describe: 'List the processes that no rule reports',
  details: ['Those of the configuration ([allowlist]) are not in this list: vigil config shows them.'],
  options: { json: JSON_OPTION },
  async run({ json, runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      const entries = await client.call('list_whitelist');
      printAnswer(io, json, entries, () =>
        entries.length === 0 ? ['The whitelist is empty.'] : entriesTable(entries, io),
      );
      return OK;
    });
  },
});

export const whitelistAdd = defineCommand({
  usage: 'whitelist add <pattern>',
  describe: 'Report no process that matches, from now on',
  details: [
    'Open alerts that are only about such processes are resolved at once.',
    'A name is that of the program, exact or with * (dbus*); with --type cmdline a part of its command line, with --type regex a regular expression for it.',
  ],
  positionals: { pattern: { type: 'string', describe: 'What it matches' } },
  options: {
    type: {
      type: 'string',
      choices: ['name', 'cmdline', 'regex'],
      default: 'name',
      describe: 'What the pattern is compared with',
    },
    reason: { type: 'string', requiresArg: true, default: '', describe: 'Why, for those who come after you' },
    json: JSON_OPTION,
  },
  async run({ positional, type, reason, json, runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      const entry = await client.call('add_whitelist', {
        pattern: positional.pattern!,
        match_type: type as WhitelistEntry['match_type'],
        reason,
      });
      printAnswer(io, json, entry, () => [
        `Not reported from now on: ${entry.match_type} ${printable(entry.pattern, 500)} (entry ${entry.id}).`,
      ]);
      return OK;
    });
  },
});

export const whitelistRemove = defineCommand({
  usage: 'whitelist remove <id>',
  describe: 'Report again what an entry of the whitelist kept quiet',
  positionals: { id: { type: 'string', describe: 'Number of the entry, as in vigil whitelist list' } },
  async run({ positional, runtimeDir }, io) {
    const id = positional.id!;
    if (!/^[1-9]\d{0,9}$/.test(id)) {
      throw new UsageError(`an entry has a number (vigil whitelist list), not "${printable(id, 40)}"`);
    }
    return askDaemon(runtimeDir, async client => {
      await client.call('remove_whitelist', { id: Number(id) });
      io.out(`Entry ${id} is removed.\n`);
      return OK;
    });
  },
});

function entriesTable(
  entries: readonly WhitelistEntry[],
  io: { columns: number | null; color: boolean },
): string[] {
  const columns = [
    { title: 'ID', align: 'right' as const },
    { title: 'TYPE' },
    { title: 'PATTERN', min: 10 },
    { title: 'SINCE', rank: 1 },
    { title: 'REASON', min: 10, rank: 2 },
  ];
  const rows = entries.map(({ id, match_type, pattern, created_ms, reason }) =>
    [
      String(id),
      match_type,
      printable(pattern, 500),
      clockTime(new Date(created_ms).toISOString()),
      printable(reason, 500),
    ].map(text => ({ text })),
  );
  return table(columns, rows, io.columns, io.color);
}
