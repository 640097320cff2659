import { describe, expect, it } from 'vitest';
import { agentsTable, reasonText, stateStyles } from '../../src/cli/ui/agents-table.js';
import { fitted } from '../../src/cli/ui/wrap.js';
import { width } from '../../src/lib/text/width.js';
import { REASONS, type Reason, WORKING_REASONS } from '../../src/model/agent.js';
import { fakeAgent } from '../api/fake-daemon.js';

const NOW = new Date(2026, 10, 20, 12, 0).getTime();
const state = (reason: Reason) =>
  (WORKING_REASONS as readonly Reason[]).includes(reason) ? ('WORKING' as const) : ('WAITING' as const);
const agent = (pid: number, reason: Reason, more = {}) =>
  fakeAgent({ pid, reason, state: state(reason), since: new Date(NOW - 60_000).toISOString(), ...more });
const io = { columns: null as number | null, color: false, now: () => NOW, home: '/home/ann' };

describe('the table of agents', () => {
  it('has requests on top, then trouble at work or not, then the rest', () => {
    const agents = [
      ...[agent(1, 'thinking'), agent(2, 'done'), agent(3, 'limit'), agent(4, 'hung'), agent(5, 'approval')],
      ...[agent(6, 'suspended'), agent(7, 'retrying'), agent(8, 'auth'), agent(9, 'error')],
    ];
    const pids = agentsTable(agents, io)
      .slice(1)
      .map(line => Number.parseInt(line, 10));
    expect(pids).toEqual([5, 3, 4, 8, 9, 2, 6, 1, 7]);
  });

  it('gives each kind of state a colour of its own, and none without', () => {
    const styles = (reason: Reason) => stateStyles({ state: state(reason), reason }).join(' ');
    for (const reason of ['limit', 'auth', 'error', 'hung', 'stalled'] as const)
      expect(styles(reason)).toBe('magenta');
    expect(
      new Set(
        ['approval', 'limit', 'done', 'suspended', 'thinking', 'retrying'].map(one => styles(one as Reason)),
      ).size,
    ).toBe(6);
    expect(
      agentsTable(
        REASONS.map((reason, i) => agent(i + 1, reason)),
        io,
      ).join(''),
    ).not.toContain('\u001b');
  });

  it.each([
    [3_600_000, 'limit until 13:00'],
    [30 * 3_600_000, 'limit until Sat 18:00'],
    [10 * 24 * 3_600_000, 'limit until 30 Nov 12:00'],
    [-1_000, 'limit'],
  ])('a limit that ends in %d ms: %s', (in_ms, words) => {
    expect(reasonText({ reason: 'limit', resets_at: new Date(NOW + in_ms).toISOString() }, NOW)).toBe(words);
    expect(reasonText({ reason: 'limit', resets_at: 'never' }, NOW)).toBe('limit');
  });

  it('80 columns keep until when a limit holds; what is asked is there as far as it fits', () => {
    const more = { agent: 'claude-code', cwd: '/home/ann/work/shop', title: 'Fix the cart' };
    const agents = [
      agent(4_000_001, 'limit', { ...more, resets_at: new Date(NOW + 3_600_000).toISOString() }),
      agent(4_000_002, 'approval', { ...more, asks: 'Bash: npm run deploy\n\u202e' }),
    ];
    const text = agentsTable(agents, { ...io, columns: 80 }).join('\n');
    expect(text).toContain('limit until 13:00  ');
    expect(text).toContain('approval: Bash: ');
    expect(agentsTable(agents, io).join('\n')).toContain('approval: Bash: npm run deploy\\n\\u202e  ');
    expect(agentsTable(agents, { ...io, columns: 44 }).join('\n')).toContain('limit u');
  });

  it('who ends itself by the signal that it was sent names no sender', () => {
    const ended = { reason: 'signal', signal: 'SIGHUP', exit_code: null } as const;
    const by = (pid: number) => reasonText({ ...ended, pid: 7, signal_sender: { pid, comm: 'bash' } }, NOW);
    expect([by(7), by(8)]).toEqual(['SIGHUP', 'SIGHUP by bash[8]']);
  });

  it('prose is broken to the width of the terminal, further in where it goes on, and nowhere else', () => {
    const line = `  sensor: ${'word '.repeat(40)}${'x'.repeat(200)}`;
    for (const columns of [20, 80])
      for (const part of fitted([line], columns)) expect(width(part)).toBeLessThanOrEqual(columns);
    expect(
      fitted([line], 80)
        .slice(0, 2)
        .map(part => /^ */.exec(part)![0].length),
    ).toEqual([2, 6]);
    expect(fitted([line], null)).toEqual([line]);
    expect(fitted(['short'], 80)).toEqual(['short']);
  });

  it.each([40, 60, 80])('fits %d columns, whatever agents say of themselves', columns => {
    const hostile = {
      title: '\u001b[2J漢字'.repeat(50),
      cwd: `/x\n${'é\u202e'.repeat(200)}`,
    };
    const agents = Array.from({ length: 200 }, (_, i) =>
      agent(i + 1, REASONS[i % REASONS.length]!, {
        ...hostile,
        resets_at: new Date(NOW + 86_000_000).toISOString(),
      }),
    );
    const lines = agentsTable(agents, { ...io, columns, color: false });
    expect(lines).toHaveLength(201);
    for (const line of lines) {
      expect(width(line)).toBeLessThanOrEqual(columns);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  });
});
