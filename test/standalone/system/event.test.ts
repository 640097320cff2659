import { describe, expect, it } from 'vitest';
import { systemEvent, type Usage } from '../../../src/standalone/system/event.js';
import { parseBusyTicks, parseMeminfo } from '../../../src/standalone/system/machine.js';

const NO_LIMITS = { cpu_percent: null, memory_mb: null };
const usage = (over: Partial<Usage> = {}): Usage => ({
  pid: 12345,
  comm: 'python',
  cpu_percent: 23.449,
  rss_bytes: 102400 * 1024,
  vsize_bytes: 512000 * 1024,
  threads: 12,
  children: 3,
  ...over,
});

describe('a line', () => {
  it('has the agreed shape, to the byte', () => {
    expect(systemEvent(usage(), 1759888851112.727, 24, NO_LIMITS)).toBe(
      '{"source":"system","pid":12345,"comm":"python","timestamp":1759888851112727000,"data":{"type":"system_metrics","pid":12345,"comm":"python","cpu":{"percent":"23.45","cores":24},"memory":{"rss_kb":102400,"rss_mb":100,"vsz_kb":512000,"vsz_mb":500},"process":{"threads":12,"children":3},"alert":false}}',
    );
  });

  it.each(['a"b', ') R 1 (', 'a\nb\u001b[2J', '\u202e'])('keeps the name %j whole', comm => {
    const line = systemEvent(usage({ comm }), 0, 1, NO_LIMITS);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({ comm, data: { comm } });
  });

  it.each([
    [{ cpu_percent: 23, memory_mb: null }, true],
    [{ cpu_percent: 24, memory_mb: null }, false],
    [{ cpu_percent: null, memory_mb: 99.5 }, true],
    [{ cpu_percent: null, memory_mb: 100 }, false],
    [{ cpu_percent: 99, memory_mb: 1 }, true],
  ])('with the thresholds %j is an alert: %j', (limits, alert) => {
    expect(JSON.parse(systemEvent(usage(), 0, 1, limits)).data.alert).toBe(alert);
  });
});

describe('the machine', () => {
  it('is busy when it neither idles nor waits', () => {
    expect(parseBusyTicks('cpu  10 20 30 4000 5000 1 2 3 10 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n')).toBe(66);
    expect(parseBusyTicks('intr 1')).toBeNull();
  });

  it('says its memory', () => {
    const text = 'MemTotal:       16000 kB\nMemFree:         500 kB\nMemAvailable:     8000 kB\n';
    expect(parseMeminfo(text, 'MemTotal')).toBe(16000 * 1024);
    expect(parseMeminfo(text, 'MemAvailable')).toBe(8000 * 1024);
    expect(parseMeminfo(text, 'Committed_AS')).toBe(0);
  });
});
