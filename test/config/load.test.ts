import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../src/config/load.js';
import { knownKeys } from '../../src/config/problems.js';
import { configJsonSchema, defaultConfig, type SchemaNode } from '../../src/config/schema.js';

const dir = mkdtempSync(join(tmpdir(), 'vigil-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What a user sees: the lines of the error, or `ok`. */
function verdict(text: string): string[] {
  try {
    parseConfig(text, 'c.toml');
    return ['ok'];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
}

describe('a config file', () => {
  it('may be empty: everything has a default', () => {
    expect(parseConfig('', 'c.toml')).toEqual(defaultConfig());
    expect(defaultConfig()).toMatchObject({
      log_level: 'info',
      sensor: { tier: 'auto' },
      state: { wait_threshold_ms: 1000, stall_after_s: 300, exited_keep_s: 60 },
      evidence: { self_reported: true },
      agents: [],
    });
  });

  it('sets what it names', () => {
    const config = parseConfig(
      `log_level = "debug"
       evidence.self_reported = false
       [sensor]
       tier = "procfs"
       bpftrace = "/opt/bpftrace"
       [[agents]]
       name = "mine"
       commands = ["my-agent"]
       [[agents]]
       name = "other"
       paths = ["/opt/*/run"]
       argv_contains = ["--chat"]`,
      'c.toml',
    );
    expect(config.log_level).toBe('debug');
    expect(config.evidence.self_reported).toBe(false);
    expect(config.sensor).toEqual({ tier: 'procfs', bpftrace: '/opt/bpftrace' });
    expect(config.agents).toEqual([
      { name: 'mine', commands: ['my-agent'], paths: [] },
      { name: 'other', commands: [], paths: ['/opt/*/run'], argv_contains: ['--chat'] },
    ]);
  });

  it.each<[string, string, string[]]>([
    [
      'wrong table',
      '\n[evidnce]\nwords = true',
      ['c.toml:3: unknown key "evidnce.words" — did you mean "evidence.self_reported"?'],
    ],
    [
      'wrong key',
      '[state]\nstall_afer_s = 4',
      ['c.toml:2: unknown key "state.stall_afer_s" — did you mean "state.stall_after_s"?'],
    ],
    [
      'key outside its table',
      'words = false',
      ['c.toml:1: unknown key "words" — did you mean "evidence.self_reported"?'],
    ],
    ['nothing like it', 'zzzzzzzz = 1', ['c.toml:1: unknown key "zzzzzzzz"']],
    [
      'in an agent',
      '[[agents]]\nname="a"\ncommands=["a"]\n[[agents]]\nname="b"\ncomands=["b"]',
      [
        'c.toml:4: "agents[2]" needs `commands` or `paths`: nothing says which programs it is',
        'c.toml:6: unknown key "agents[2].comands" — did you mean "agents.commands"?',
      ],
    ],
    [
      'wrong type',
      '[state]\nwait_threshold_ms = "1s"',
      ['c.toml:2: "state.wait_threshold_ms" must be a number, not "1s"'],
    ],
    [
      'fraction',
      '[state]\nwait_threshold_ms = 500.5',
      ['c.toml:2: "state.wait_threshold_ms" must be a whole number, not 500.5'],
    ],
    [
      'date',
      'log_level = 2026-01-01',
      ['c.toml:1: "log_level" must be one of "trace", "debug", "info", "warn", "error", "fatal", not a date'],
    ],
    [
      'too small',
      '[state]\nwait_threshold_ms = 1',
      ['c.toml:2: "state.wait_threshold_ms" must be at least 100, not 1'],
    ],
    [
      'too big',
      'state.stall_after_s = 100000',
      ['c.toml:1: "state.stall_after_s" must be at most 86400, not 100000'],
    ],
    [
      'wrong choice',
      'log_level = "inof"',
      [
        'c.toml:1: "log_level" must be one of "trace", "debug", "info", "warn", "error", "fatal", not "inof" — did you mean "info"?',
      ],
    ],
    [
      'relative path',
      'sensor.bpftrace = "bpftrace"',
      ['c.toml:1: "sensor.bpftrace" must be an absolute path, not "bpftrace"'],
    ],
    [
      'bad name',
      '[[agents]]\ncommands=["x"]\nname = "My Agent"',
      [
        'c.toml:3: "agents[1].name" must be 1 to 32 lower case letters, digits and dashes, and not begin with a dash, not "My Agent"',
      ],
    ],
    ['name missing', '[[agents]]\ncommands=["x"]', ['c.toml:1: "agents[1].name" is missing']],
    [
      'name twice',
      '[[agents]]\ncommands=["x"]\nname="a"\n[[agents]]\nname="a"\ncommands=["y"]',
      ['c.toml:5: "agents[2].name" is used twice: "a"'],
    ],
    [
      'element',
      '[[agents]]\nname="a"\ncommands = [\n "x",\n 5,\n]',
      ['c.toml:5: "agents[1].commands[2]" must be a text in quotes, not 5'],
    ],
    [
      'path as command',
      '[[agents]]\nname="a"\ncommands = ["/bin/x"]',
      [
        'c.toml:3: "agents[1].commands[1]" must be the name of a program without its folder; paths go into `paths`, not "/bin/x"',
      ],
    ],
    [
      'table instead of list',
      '[agents]\nname="a"',
      ['c.toml:1: "agents" must be a list in [brackets], not a table'],
    ],
    ['list instead of table', 'state = [1]', ['c.toml:1: "state" must be a table, not a list']],
    ['__proto__', '[__proto__]\nx = 1', ['c.toml:2: unknown key "__proto__.x"']],
    ['hostile name', '"\\u001b[31m\\n" = 1', ['c.toml:1: unknown key "\\x1b[31m\\n"']],
    ['syntax', 'a = 1\nb = [1,\nc = 2', ['c.toml:3: not valid TOML: invalid value (column 1)']],
    [
      'twice',
      'log_level="info"\nlog_level="warn"',
      ['c.toml:2: not valid TOML: trying to redefine an already defined table or value (column 1)'],
    ],
    [
      'all at once',
      'lug_level="x"\n[state]\nexited_keep_s = -1\n[evidence]\nwords="yes"',
      [
        'c.toml:1: unknown key "lug_level" — did you mean "log_level"?',
        'c.toml:3: "state.exited_keep_s" must be at least 0, not -1',
        'c.toml:5: "evidence.self_reported" must be true or false, not "yes"',
      ],
    ],
    [
      'after long strings',
      'x1 = """\n[state]\n"""\nx2 = \'\'\'\na""\'\'\'\n',
      ['c.toml:1: unknown key "x1"', 'c.toml:4: unknown key "x2"'],
    ],
    [
      'in an inline table',
      'state = { exited_keep_s = 1, stall_afters = 2 }',
      ['c.toml:1: unknown key "state.stall_afters" — did you mean "state.stall_after_s"?'],
    ],
  ])('is refused with the line: %s', (_, text, lines) => {
    expect(verdict(text)).toEqual(lines);
  });

  it('names the problems for programs too', () => {
    try {
      parseConfig('[[agents]]\nname="a"\ncommands=[1]', 'c.toml');
      expect.unreachable();
    } catch (error) {
      expect((error as ConfigError).problems).toEqual([
        {
          file: 'c.toml',
          line: 3,
          key: 'agents.0.commands.0',
          message: expect.stringContaining('must be a text'),
        },
      ]);
    }
  });
});

describe('reading it', () => {
  const file = join(dir, 'config.toml');

  it('absent: the defaults, unless it was asked for by name', () => {
    expect(loadConfig(join(dir, 'none.toml'))).toEqual({ config: defaultConfig(), warnings: [], path: null });
    expect(loadConfig(undefined)).toEqual({ config: defaultConfig(), warnings: [], path: null });
    expect(() => loadConfig(join(dir, 'none.toml'), { explicit: true })).toThrow(
      /none.toml: there is no such file$/,
    );
  });

  it('present', () => {
    writeFileSync(file, 'log_level = "warn"');
    expect(loadConfig(file)).toMatchObject({ config: { log_level: 'warn' }, path: file });
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['a folder', path => execFileSync('mkdir', [path]), /is not a regular file$/],
    ['a FIFO', path => execFileSync('mkfifo', [path]), /is not a regular file$/],
    ['a device', path => symlinkSync('/dev/zero', path), /is not a regular file$/],
    ['too large', path => writeFileSync(path, '#'.repeat(1024 * 1024 + 1)), /is too large: 1048577 bytes/],
    [
      'not UTF-8',
      path => writeFileSync(path, Buffer.from('# fine\n# \xff\n', 'latin1')),
      /:2: is not UTF-8$/,
    ],
    ['loop', path => symlinkSync(path, path), /cannot be opened: ELOOP$/],
  ])('%s is refused at once', (name, make, message) => {
    const path = join(dir, name.replaceAll(' ', '-'));
    make(path);
    expect(() => loadConfig(path)).toThrow(message);
  });

  it.skipIf(process.getuid!() !== 0)('writable by anyone, read as root: refused', () => {
    const path = join(dir, 'open.toml');
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    expect(() => loadConfig(path)).toThrow(/may be written by anyone/);
  });

  it.skipIf(process.getuid!() !== 0)('not ours to read: says so', () => {
    const path = join(dir, 'secret.toml');
    writeFileSync(path, '', { mode: 0o600 });
    chmodSync(dir, 0o755);
    process.seteuid!(65534);
    try {
      expect(() => loadConfig(path)).toThrow(/cannot be read: permission denied/);
    } finally {
      process.seteuid!(0);
    }
  });
});

describe('the schema', () => {
  it('describes every key', () => {
    const text = JSON.stringify(configJsonSchema());
    expect(knownKeys()).toContain('agents.argv_contains');
    const bare = (schema: SchemaNode, path: string): string[] => {
      const own = schema.description === undefined && path !== '' && !path.endsWith('[]') ? [path] : [];
      const children = Object.entries(schema.properties ?? {});
      const items = schema.items ?? null;
      return [
        ...own,
        ...children.flatMap(([name, child]) => bare(child, `${path}.${name}`)),
        ...(items === null ? [] : bare(items, `${path}[]`)),
      ];
    };
    expect(bare(configJsonSchema(), '')).toEqual([]);
    expect(text).toContain('"additionalProperties":false');
  });
});
