import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryReport } from '../../src/api/client/index.js';
import { ticks } from '../../src/cli/report/axis.js';
import { chartsOf, gaps } from '../../src/cli/report/charts.js';
import { parsePeriod, periodText } from '../../src/cli/report/period.js';
import { byRule } from '../../src/cli/report/rules.js';
import { width } from '../../src/lib/text/width.js';
import { Rig } from '../api/rig.js';
import { fakeHistory, HOUR_MS, TO_MS } from './history.js';
import { type TestIo, vigil } from './io.js';

const EMPTY: HistoryReport = {
  ...fakeHistory(),
  host: { cpu_busy_percent: [null, null] },
  sessions: [],
  alerts: [],
  actions: [],
  top_memory: [],
  top_cpu: [],
};
const HOSTILE = '\u001b[2J\u202e<script>alert(1)</script>&"\'';

describe('the period', () => {
  it.each([
    ['90m', 5400, '90 minutes'],
    ['24h', 86_400, '24 hours'],
    ['1.5h', 5400, '90 minutes'],
    ['7d', 604_800, '7 days'],
    ['1d', 86_400, '24 hours'],
    ['2w', 1_209_600, '14 days'],
  ])('%s', (text, period_s, words) => {
    expect(parsePeriod(text)).toBe(period_s);
    expect(periodText(period_s)).toBe(words);
  });

  it.each(['', '24', 'h', '-1h', '1e3h', '24H', '1h30m', '0m', '30s', '400d', '99999999999d', '1\u001bh'])(
    '%j is refused, and the answer says what is right',
    async since => {
      const { code, out, err } = await vigil(['report', `--since=${since}`]);
      expect(code).toBe(2);
      expect(out).toBe('');
      expect(err).toMatch(/^vigil: .*(90m, 24h or 7d|at least 1m and at most 366d|argument)/);
      expect(err.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    },
  );
});

describe('charts', () => {
  it('are only of what was measured', () => {
    const titles = chartsOf(fakeHistory()).map(({ title }) => title);
    expect(titles).toContain('Memory');
    expect(titles).not.toContain('GPU');
    expect(chartsOf(EMPTY)).toEqual([]);
  });

  it('are also of figures that nothing but their collector knows of', () => {
    const bucket = { min: 10, avg: 20, max: 30 };
    const [chart, ...rest] = chartsOf({ host: { cache_hit_percent: [bucket], load5: [bucket] } });
    expect(rest).toEqual([]);
    expect(chart).toMatchObject({ title: 'Cache hit', top: 100, min: 10, avg: 20, max: 30 });
    expect(chart!.text(20)).toBe('20%');
  });

  it('a time without samples is a gap', () => {
    const found = gaps({
      host: { a: [null, null, { min: 0, avg: 0, max: 0 }, null], b: [null, null, null, null] },
    });
    expect(found).toEqual([
      [0, 2],
      [3, 4],
    ]);
  });

  it('the axis has round times, no more than fit', () => {
    const labels = ticks(TO_MS - 24 * HOUR_MS, TO_MS, 9).map(({ label }) => label);
    expect(labels.length).toBeGreaterThan(4);
    expect(labels.length).toBeLessThanOrEqual(9);
    for (const label of labels) expect(label).toMatch(/^\d\d:00$/);
    for (const { label } of ticks(TO_MS - 30 * 24 * HOUR_MS, TO_MS, 5)) expect(label).toMatch(/^\d\d-\d\d$/);
  });

  it('a year begins its quarters, a day has the hour twice that the clock repeats', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'Europe/Berlin';
    try {
      const labels = (from: string, to: string, most: number): string[] =>
        ticks(Date.parse(from), Date.parse(to), most).map(({ label }) => label);
      expect(labels('2025-03-20T12:00Z', '2026-03-20T12:00Z', 6)).toEqual([
        '04-01',
        '07-01',
        '10-01',
        '01-01',
      ]);
      expect(labels('2026-10-24T23:00Z', '2026-10-25T02:30Z', 9)).toEqual([
        '01:00',
        '01:30',
        '02:00',
        '02:30',
        '02:00',
        '02:30',
        '03:00',
      ]);
      // No label comes twice because it has no seconds.
      expect(labels('2026-03-28T12:00:40Z', '2026-03-28T12:02:40Z', 4)).toEqual(['13:01', '13:02']);
      // An hour that the clock leaves out is on no axis.
      expect(labels('2026-03-28T23:00Z', '2026-03-29T03:00Z', 4)).toEqual([
        '00:00',
        '01:00',
        '03:00',
        '04:00',
      ]);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('alerts of a rule are counted, with the time that they were open in the period', () => {
    const { alerts } = fakeHistory();
    expect(byRule(alerts, TO_MS - 24 * HOUR_MS, TO_MS)[0]).toMatchObject({
      rule: 'cpu_high',
      count: 2,
      open: 1,
      worst: 'high',
      open_ms: Math.round(0.9 * HOUR_MS),
    });
    // Of an alert that is older than the period only what lies in it.
    expect(byRule(alerts, TO_MS - 0.1 * HOUR_MS, TO_MS)[0]!.open_ms).toBe(0.1 * HOUR_MS);
  });
});

describe('vigil report', () => {
  let rig: Rig;
  let dir: string;
  beforeAll(async () => {
    rig = await Rig.start();
    dir = mkdtempSync(join(tmpdir(), 'vigil-report-'));
  });
  afterAll(async () => {
    await rig.stop();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    rig.daemon.reportOfPeriod = fakeHistory({ buckets: 47 });
  });
  const report = (args: readonly string[] = [], over: Partial<TestIo> = {}) =>
    vigil(['report', ...args, '--runtime-dir', rig.dir], over);

  it('shows charts, sessions, alerts, actions, processes and the model', async () => {
    const { code, out } = await report();
    expect(code).toBe(0);
    expect(out).toMatch(/^The last 24 hours: \d\d-\d\d \d\d:\d\d to /);
    expect(out).toMatch(/^CPU +[▁-█]+ +[▁-█]+ +2\.4% +\d\d% +\d\d%$/m);
    expect(out).toMatch(/^ +╵\d\d:00 .*╵\d\d:00/m);
    expect(out).toMatch(/^Not measured: \S+ \S+ to \S+ \S+\.$/m);
    expect(out).toMatch(/^claude-code +~\/shop +.* 3h30m +1h13m +1h45m +42 +922M +7\.5%$/m);
    expect(out).toMatch(/^cpu_high +2 +1 +high +54m00s/m);
    expect(out).toMatch(/^A8 +\S+ \S+ +18m00s +warning +12 orphans of the Claude session/m);
    expect(out).toMatch(
      /terminate +npm exec mcp\[5000\] and 11 others +rule orphan +done: 12 processes ended$/m,
    );
    expect(out).toMatch(/^3\.2G +2\.6G +4711 +node +4242 +node /m);
    expect(out).toContain('A language model was asked 3 times: 12,345 tokens in, 1,234 out.');
    expect(out).not.toContain('\u001b');
  });

  it.each([40, 80, 132, 250])('fits %i columns', async columns => {
    const { out } = await report([], { columns });
    const lines = out.trimEnd().split('\n');
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
    expect(lines.find(line => line.startsWith('CPU'))).toMatch(/█|▄|▃/);
  });

  it('colours the worst moments where colours are wanted', async () => {
    const host = { ...fakeHistory().host, memory_used_bytes: [{ min: 0, avg: 1, max: 33e9 }, null] };
    rig.daemon.reportOfPeriod = { ...fakeHistory(), host };
    const { out } = await report([], { columns: 80, color: true });
    const memory = out.split('\n').find(line => line.startsWith('Memory'));
    expect(memory).toContain('\u001b[31m▁');
  });

  it('a machine that was idle is not one that was not measured', async () => {
    const zero = { min: 0, avg: 0, max: 0 };
    rig.daemon.reportOfPeriod = { ...fakeHistory(), host: { cpu_busy_percent: [null, zero] } };
    const { out } = await report([], { columns: 80 });
    expect(out).toMatch(/^CPU {10,}▁+ +0\.0%/m);
    expect(out).toMatch(/^Not measured before /m);
  });

  it('asks for as much as it can show', async () => {
    const asked: number[][] = [];
    const service = rig.daemon.services.history;
    const { report: answers } = service;
    service.report = async (period_ms, buckets) => {
      asked.push([period_ms, buckets]);
      return fakeHistory();
    };
    await report(['--since', '7d'], { columns: 80 });
    await report(['--since', '5m'], { columns: 80 });
    await report(['--json']);
    expect(asked).toEqual([
      [7 * 86_400_000, 46],
      [300_000, 10],
      [86_400_000, 96],
    ]);
    service.report = answers;
  });

  it('with --json prints what the socket gave', async () => {
    expect(JSON.parse((await report(['--json'])).out)).toEqual(rig.daemon.reportOfPeriod);
  });

  it('says what was left out', async () => {
    const plain = fakeHistory();
    const many = <T>(one: T, count: number): T[] => Array.from({ length: count }, () => one);
    rig.daemon.reportOfPeriod = {
      ...plain,
      sessions: many(plain.sessions[0]!, 13),
      alerts: many(plain.alerts[0]!, 200),
    };
    const { out } = await report();
    expect(out).toContain('… and 3 more');
    expect(out.match(/… and more: only the latest 200 are counted/g)).toHaveLength(2);
  });

  it('without a history it says so, and what to do', async () => {
    rig.daemon.reportOfPeriod = null;
    expect(await report()).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('history.enabled'),
    });
    rig.daemon.reportOfPeriod = EMPTY;
    expect(await report()).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/nothing of the last 24 hours.*vigil report --since 7d\n$/),
    });
  });

  it('hostile names reach neither the terminal nor the page', async () => {
    const plain = fakeHistory();
    rig.daemon.reportOfPeriod = {
      ...plain,
      sessions: [{ ...plain.sessions[0]!, agent: HOSTILE, cwd: `/${HOSTILE}` }],
      alerts: [{ ...plain.alerts[0]!, title: HOSTILE, rule: HOSTILE }],
      actions: [{ ...plain.actions[0]!, what: HOSTILE, result: HOSTILE, requested_by: HOSTILE }],
      top_memory: [{ ...plain.top_memory[0]!, comm: HOSTILE, cmdline: HOSTILE }],
    };
    const { out } = await report();
    expect(out).toContain('\\x1b[2J\\u202e<script>');
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
    const file = join(dir, 'hostile.html');
    await report(['--html', file]);
    const html = readFileSync(file, 'utf8');
    expect(html).toContain('\\x1b[2J\\u202e&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;');
    for (const raw of ['<script', '\u001b', '\u202e']) expect(html).not.toContain(raw);
  });

  it('--html writes one page that loads nothing and runs nothing', async () => {
    const file = join(dir, 'report.html');
    writeFileSync(file, 'what was there');
    expect(await report(['--html', file])).toMatchObject({ code: 0, out: `The report is in ${file}\n` });
    const html = readFileSync(file, 'utf8');
    expect(html).toMatch(/^<!DOCTYPE html>/);
    expect(html).toMatch(
      /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]+'; /,
    );
    expect(html).not.toMatch(
      /<script|<link|<img|<iframe|<form|https?:|url\(|@import| on\w+=| style=|NaN|undefined/,
    );
    expect(html).toMatch(/<figcaption>Memory<span>mean \S+ · most \S+<\/span>/);
    expect(html).toMatch(/prefers-color-scheme: dark[\s\S]*@media print/);
    // The gap cuts the line in two.
    const [, mean] = /class="mean" d="([^"]*)"/.exec(html.split('<figure>')[1]!)!;
    expect(mean!.match(/M/g)).toHaveLength(2);
    expect(html.match(/<rect class="gap"/g)!.length).toBeGreaterThan(5);
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).filter(name => name.startsWith('.'))).toEqual([]);
  });

  it('--html follows no link, and says why it could not write', async () => {
    const target = join(dir, 'precious');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(dir, 'link.html'));
    mkdirSync(join(dir, 'folder.html'));
    for (const name of ['link.html', 'folder.html', '../dev/null/x.html', 'none/x.html']) {
      const { code, err } = await report(['--html', join(dir, name)]);
      expect(code).toBe(2);
      expect(err).toMatch(/no ordinary file|cannot be written: \w+/);
    }
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(await report(['--html', 'x', '--json'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--json'),
    });
  });
});
