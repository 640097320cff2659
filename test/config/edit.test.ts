import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { EditError, setKey, unsetKey } from '../../src/config/edit.js';

type Row = [what: string, before: string, key: string, value: unknown, after: string];

describe('a key is set where it stands', () => {
  it.each<Row>([
    ['in an empty file', '', 'actions.mode', 'auto', '[actions]\nmode = "auto"\n'],
    ['at the top of an empty file', '', 'log_level', 'debug', 'log_level = "debug"\n'],
    [
      'after a comment that is all there is',
      '# mine\n',
      'actions.mode',
      'auto',
      '# mine\n\n[actions]\nmode = "auto"\n',
    ],
    [
      'and its comment, spacing and table stay',
      '# a\n[ actions ] # b\n\tmode   =  "observe"   # c\n# d\n\n[ai]\nenabled = true\n',
      'actions.mode',
      'auto',
      '# a\n[ actions ] # b\n\tmode   =  "auto"   # c\n# d\n\n[ai]\nenabled = true\n',
    ],
    [
      'below its siblings, and the comment of the next table stays there',
      '[actions]\n  mode = "observe" # c\n\n# about ai\n[ai]\nenabled = true\n',
      'actions.dry_run',
      true,
      '[actions]\n  mode = "observe" # c\n  dry_run = true\n\n# about ai\n[ai]\nenabled = true\n',
    ],
    [
      'below a sibling of several lines',
      '[allowlist]\nignore_commands = [\n  "a", # one\n] # end\n\n[ai]\n',
      'allowlist.x',
      1,
      '[allowlist]\nignore_commands = [\n  "a", # one\n] # end\nx = 1\n\n[ai]\n',
    ],
    [
      'in a table without keys',
      '[actions] # none\n[ai]\n',
      'actions.grace_s',
      0.5,
      '[actions] # none\ngrace_s = 0.5\n[ai]\n',
    ],
    [
      'before the first table and its comment',
      '# file\n\n# about ai\n[ai]\nenabled = true\n',
      'log_level',
      'debug',
      '# file\n\nlog_level = "debug"\n\n# about ai\n[ai]\nenabled = true\n',
    ],
    [
      'after other top-level keys',
      'evidence.words = true # w\n\n[ai]\n',
      'log_level',
      'debug',
      'evidence.words = true # w\nlog_level = "debug"\n\n[ai]\n',
    ],
    [
      'among dotted keys',
      'detection.cpu_high.enabled = true # x\nlog_level = "info"\n',
      'detection.cpu_high.duration_s',
      5,
      'detection.cpu_high.enabled = true # x\ndetection.cpu_high.duration_s = 5\nlog_level = "info"\n',
    ],
    [
      'in a new table beside one with dotted keys',
      'detection.cpu_high.enabled = true\n',
      'detection.hang.duration_s',
      5,
      'detection.cpu_high.enabled = true\n\n[detection.hang]\nduration_s = 5\n',
    ],
    [
      'in an inline table',
      'actions = { mode = "auto" } # x\n',
      'actions.grace_s',
      3,
      'actions = { mode = "auto", grace_s = 3 } # x\n',
    ],
    [
      'within an inline table of tables',
      'detection = { hang = { enabled = true } }\n',
      'detection.hang.duration_s',
      3,
      'detection = { hang = { enabled = true, duration_s = 3 } }\n',
    ],
    [
      'with carriage returns',
      '# a\r\n[actions]\r\nmode = "auto" # x\r\n',
      'actions.grace_s',
      3,
      '# a\r\n[actions]\r\nmode = "auto" # x\r\ngrace_s = 3\r\n',
    ],
    [
      'after lists of tables',
      '[[agents]]\nname = "a" # x\ncommands = ["a"]',
      'actions.mode',
      'auto',
      '[[agents]]\nname = "a" # x\ncommands = ["a"]\n\n[actions]\nmode = "auto"\n',
    ],
    [
      'although strings look like it',
      'a = """\n[actions]\nmode = "x"\n"""\n[actions]\nmode = \'y\' # = "z"\n',
      'actions.mode',
      'auto',
      'a = """\n[actions]\nmode = "x"\n"""\n[actions]\nmode = "auto" # = "z"\n',
    ],
  ])('%s', (_what, before, key, value, after) => {
    const text = setKey(before, key.split('.'), value);
    expect(text).toBe(after);
    // Once more changes nothing.
    expect(setKey(text, key.split('.'), value)).toBe(after);
  });

  it('a value of any shape comes back as it was', () => {
    for (const value of ['a "b" \\ \n\u0007 é', ['x', 'y'], [], 1.5, 10, false]) {
      expect(parse(setKey('[t]\n', ['t', 'k'], value))).toEqual({ t: { k: value } });
    }
  });

  it.each([
    ['a table that is a value', 'actions = 3\n', 'actions.mode'],
    ['a list of tables', '[[actions]]\nmode = "x"\n', 'actions.mode'],
    ['a table', '[actions.mode]\nx = 1\n', 'actions.mode'],
    ['an inline table of several lines', 'actions = { grace_s = 1, # x\n dry_run = true }\n', 'actions.mode'],
  ])('%s is left to a person', (_what, before, key) => {
    expect(() => setKey(before, key.split('.'), 'auto')).toThrow(EditError);
  });
});

describe('a key is taken away', () => {
  it('with its line, and nothing else', () => {
    const text = '[actions]\n# why\nmode = "auto" # x\ngrace_s = 3\n';
    expect(unsetKey(text, ['actions', 'mode'])).toBe('[actions]\n# why\ngrace_s = 3\n');
    expect(unsetKey(text, ['actions', 'dry_run'])).toBe(text);
    expect(unsetKey('a = [\n1,\n]\nb = 2\n', ['a'])).toBe('b = 2\n');
  });

  it('not out of an inline table', () => {
    expect(() => unsetKey('actions = { mode = "auto" }\n', ['actions', 'mode'])).toThrow(EditError);
  });
});
