import { describe, expect, it } from 'vitest';
import { chooseFormat, type LogFormat } from '../../../src/lib/log/format.js';
import { createLogger, type Logger } from '../../../src/lib/log/logger.js';

function logged(format: LogFormat, say: (log: Logger) => void, color = false): string {
  let text = '';
  say(createLogger({ level: 'trace', format, color, write: line => (text += line) }));
  return text;
}

const HOSTILE = 'x\n<0>forged\r\n{"level":60}\u001b[2J\u009b31m\u2028\u202e\u0000';

describe('the format', () => {
  it.each<[Record<string, string>, boolean, LogFormat]>([
    [{}, false, 'json'],
    [{}, true, 'pretty'],
    [{ JOURNAL_STREAM: '8:1' }, false, 'journal'],
    [{ JOURNAL_STREAM: '8:2', INVOCATION_ID: 'abc' }, false, 'json'],
    [{ INVOCATION_ID: 'abc' }, false, 'journal'],
    [{ INVOCATION_ID: 'abc', JOURNAL_STREAM: '8:1' }, true, 'pretty'],
  ])('with %j, terminal %s: %s', (env, tty, format) => {
    expect(chooseFormat(env, { tty, stream: '8:1' })).toBe(format);
  });
});

describe('under systemd', () => {
  it('has the priority of syslog in front', () => {
    const text = logged('journal', log => {
      for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) log[level](level);
    });
    expect(text).toBe('<2>fatal\n<3>error\n<4>warn\n<6>info\n<7>debug\n<7>trace\n');
  });

  it('shows fields after the message', () => {
    expect(logged('journal', log => log.warn({ pid: 7, path: '/a b', list: [1] }, 'odd'))).toBe(
      '<4>odd pid=7 path="/a b" list=[1]\n',
    );
  });

  it('keeps an error with its stack on one line', () => {
    const text = logged('journal', log => log.error({ err: new Error(HOSTILE) }, 'failed'));
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).toMatch(/^<3>failed err=\{"type":"Error"/);
  });
});

describe.each<LogFormat>(['journal', 'pretty', 'json'])('hostile text in %s', format => {
  it.each<[string, (log: Logger) => void]>([
    ['message', log => log.info(HOSTILE)],
    ['value', log => log.info({ comm: HOSTILE }, 'seen')],
    ['key', log => log.info({ [HOSTILE]: 1 }, 'seen')],
    ['nested', log => log.info({ a: [{ b: HOSTILE }] }, 'seen')],
  ])('as %s stays within its record', (_, say) => {
    const text = logged(format, say);
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text).toContain('forged');
    expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
    expect(text).not.toMatch(/^<0>/m);
  });

  it('in a stack cannot start a line that looks like a record', () => {
    const text = logged(format, log => log.error({ err: new Error(HOSTILE) }, 'failed'));
    for (const line of text.trimEnd().split('\n').slice(1)) expect(line).toMatch(/^ {4}/);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('is bounded', () => {
    const text = logged(format, log =>
      log.info({ big: 'x'.repeat(1_000_000), many: Array(100_000).fill(1) }, 'seen'),
    );
    expect(text.length).toBeLessThan(6000);
  });
});

describe('on a terminal', () => {
  it('is readable, coloured only if asked', () => {
    expect(logged('pretty', log => log.warn({ pid: 1, n: 2 }, 'careful'))).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN \(1\): careful \{"n":2\}\n$/,
    );
    expect(logged('pretty', log => log.warn('careful'), true)).toContain('\u001b[33m');
  });
});

describe('as JSON', () => {
  it('one object a line', () => {
    const lines = logged('json', log => {
      log.info({ a: 1 }, 'one');
      log.debug('two');
    });
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([
      { level: 30, a: 1, msg: 'one' },
      { level: 20, msg: 'two' },
    ]);
  });
});
