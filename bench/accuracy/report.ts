import type { FalseWait, Line, Verdict } from './match.js';

export interface Spread {
  count: number;
  p50: number;
  p95: number;
  max: number;
}

export interface Score {
  truths: number;
  verdicts: Record<Verdict, number>;
  /** Matched, of all true transitions and all that were said too much. */
  percent: number;
}

export interface Figures {
  mode: string;
  tier: string;
  /** WORKING, WAITING, EXITED. */
  states: Score;
  /** Also what a WAITING agent waits for: approval, question, a prompt. */
  kinds: Score;
  delays_ms: Record<string, Spread>;
  longest_false_wait_ms: number;
  false_waits_over_500_ms: FalseWait[];
  notification_hook_ms: Spread;
  strangers: string[];
  checks: { scenario: string; agent: string; what: string; ok: boolean }[];
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}

export function countVerdicts(lines: readonly Line[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { matched: 0, missed: 0, wrong: 0, extra: 0 };
  for (const line of lines) counts[line.verdict]++;
  return counts;
}

export function score(lines: readonly Line[]): Score {
  const verdicts = countVerdicts(lines);
  const truths = lines.filter(l => l.truth).length;
  return { truths, verdicts, percent: (100 * verdicts.matched) / Math.max(1, truths + verdicts.extra) };
}

export function table(f: Figures): string {
  const rows = [
    `mode ${f.mode}, tier ${f.tier}`,
    '',
    '                              truths matched  missed   wrong   extra   right, of truths and extras',
    scoreLine('right state', f.states),
    scoreLine('and right thing waited for', f.kinds),
    '',
    `longest WAITING that was WORKING ${f.longest_false_wait_ms.toFixed(0)} ms; over 500 ms: ${f.false_waits_over_500_ms.length}`,
    '',
    'delay behind the truth, ms        n     p50     p95     max',
  ];
  const line = (name: string, s: Spread): string =>
    `${name.padEnd(30)}${String(s.count).padStart(5)}${[s.p50, s.p95, s.max].map(v => v.toFixed(0).padStart(8)).join('')}`;
  for (const [name, s] of Object.entries(f.delays_ms)) rows.push(line(name, s));
  rows.push(line("Claude's Notification hook", f.notification_hook_ms));
  if (f.strangers.length > 0) rows.push('', 'sessions that are none:', ...f.strangers.map(s => `  ${s}`));
  const failed = f.checks.filter(c => !c.ok);
  rows.push('', `other checks: ${f.checks.length - failed.length} of ${f.checks.length} hold`);
  for (const c of failed) rows.push(`  ${c.agent} ${c.scenario}: ${c.what}`);
  return rows.join('\n');
}

function scoreLine(name: string, s: Score): string {
  const v = s.verdicts;
  const counts = [s.truths, v.matched, v.missed, v.wrong, v.extra].map(n => String(n).padStart(8)).join('');
  return `${name.padEnd(28)}${counts}${s.percent.toFixed(2).padStart(10)} %`;
}
