import { connectToDaemon } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { type CliCommand, fixedWords, GLOBAL_OPTIONS } from '../command.js';
import type { Io } from '../io.js';
import { alertName } from '../target.js';

/** What a shell offers after the words so far, from the definitions of the commands. */

export interface Candidate {
  word: string;
  describe: string;
}

/** A shell waits for it at each TAB. */
const TIMEOUT_MS = 400;

type Ask = (name: string, before: Readonly<Record<string, string>>, io: Io) => Promise<Candidate[]>;

/** Values of a positional, by its name. */
const VALUES: Readonly<Record<string, Ask>> = {
  pid: (_name, _before, io) => agents(io),
  target: async (_name, _before, io) => [...(await alerts(io)), ...(await agents(io))],
  agent: (_name, _before, io) => agents(io),
  key: async () => (await configKeys()).map(({ name }) => ({ word: name, describe: '' })),
  value: async (_name, { key }) => {
    const found = (await configKeys()).find(({ name }) => name === key);
    const values = found?.type === 'boolean' ? ['true', 'false'] : (found?.values ?? []);
    return values.map(word => ({ word, describe: '' }));
  },
  shell: async () => ['bash', 'zsh', 'fish'].map(word => ({ word, describe: '' })),
  which: async () => ['waybar', 'eww', 'tmux'].map(word => ({ word, describe: '' })),
};

/**
 * `words`: those after `vigil`, the last of them unfinished, perhaps empty. No candidate: a file, or whatever
 * the shell thinks.
 */
export async function complete(
  commands: readonly CliCommand[],
  words: readonly string[],
  io: Io,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const { command, path, rest } = follow(commands, words.slice(0, -1));
  const options: CliCommand['options'] = { ...GLOBAL_OPTIONS, ...command?.options };
  const last = words.at(-2) ?? '';
  const named = Object.entries(options).find(([name]) => last === `--${name}`)?.[1];
  if (named !== undefined && named.type !== 'boolean') {
    return matching(
      (named.choices ?? []).map(choice => ({ word: String(choice), describe: '' })),
      current,
    );
  }
  if (current.startsWith('-')) {
    const flags = Object.entries(options).map(([name, { describe }]) => ({ word: `--${name}`, describe }));
    return matching([...flags, { word: '--help', describe: 'Show help' }], current);
  }
  const next = rest.length === 0 ? following(commands, path) : [];
  const given = Object.keys(command?.positionals ?? {});
  const name = given[rest.length];
  const before = Object.fromEntries(rest.map((word, i) => [given[i] ?? '', word]));
  const values = name === undefined ? [] : ((await VALUES[name]?.(name, before, io)) ?? []);
  return matching([...next, ...values], current);
}

/** The command that the words name, its words, and those that are left: its positionals. */
function follow(commands: readonly CliCommand[], words: readonly string[]) {
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) plain.push(word);
    else if (!word.includes('=') && takesValue(commands, word)) i++;
  }
  let path: string[] = [];
  for (const { usage } of commands) {
    const names = fixedWords(usage);
    if (names.length > path.length && names.every((word, i) => plain[i] === word)) path = names;
  }
  const command = commands.find(({ usage }) => fixedWords(usage).join(' ') === path.join(' '));
  // The first word of a group, as `config`, is no command by itself.
  const group =
    path.length === 0 && following(commands, plain.slice(0, 1)).length > 0 ? plain.slice(0, 1) : path;
  return { command, path: group, rest: plain.slice(group.length) };
}

function takesValue(commands: readonly CliCommand[], word: string): boolean {
  return [GLOBAL_OPTIONS, ...commands.map(({ options }) => options)].some(options =>
    Object.entries(options).some(([name, { type }]) => word === `--${name}` && type !== 'boolean'),
  );
}

/** The words that may follow, with the description of the command that they lead to. */
function following(commands: readonly CliCommand[], path: readonly string[]): Candidate[] {
  const found = new Map<string, string>();
  for (const { usage, describe } of commands) {
    const names = fixedWords(usage);
    const word = names[path.length];
    if (word === undefined || !path.every((one, i) => names[i] === one)) continue;
    if (!found.has(word) || names.length === path.length + 1) found.set(word, describe);
  }
  return [...found].map(([word, describe]) => ({ word, describe }));
}

function matching(candidates: readonly Candidate[], current: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current));
}

async function configKeys() {
  const keys = await import('../../config/keys.js');
  return keys.configKeys();
}

async function agents(io: Io): Promise<Candidate[]> {
  return ask(io, async client =>
    (await client.call('agents')).map(({ pid, agent, title, cwd }) => ({
      word: String(pid),
      describe: printable(`${agent} ${title ?? cwd ?? ''}`, 80),
    })),
  );
}

async function alerts(io: Io): Promise<Candidate[]> {
  return ask(io, async client =>
    (await client.call('alerts')).map(({ id, title }) => ({
      word: alertName(id),
      describe: printable(title, 80),
    })),
  );
}

/** Without a daemon there is nothing to offer. */
async function ask(
  io: Io,
  question: (client: Awaited<ReturnType<typeof connectToDaemon>>) => Promise<Candidate[]>,
): Promise<Candidate[]> {
  try {
    const client = await connectToDaemon({ runtimeDir: io.env.VIGIL_RUNTIME_DIR, timeoutMs: TIMEOUT_MS });
    try {
      return await question(client);
    } finally {
      client.close();
    }
  } catch {
    return [];
  }
}
