import type { Alert } from '../alerts/alert.js';

/** Advice by the rule's name first, then by what the alert is about. */
const BY_RULE: readonly [RegExp, string][] = [
  [
    /orphan|leftover|stale/,
    'End agents with their own command rather than by closing the terminal, and let MCP servers exit when their standard input closes.',
  ],
  [
    /duplicate|storm|ghost/,
    'Configure each MCP server once, for the user rather than for each project, and close sessions that are no longer used.',
  ],
  [
    /leak|growth/,
    'Restart it before it gets so far, look for a newer version, and give it a limit: systemd-run --user --scope -p MemoryMax=4G.',
  ],
  [/zombie/, 'The parent does not collect its children: look for a newer version of it, or restart it.'],
  [
    /oom/,
    'Run fewer memory-hungry sessions at a time, or give each a limit of its own (MemoryMax), so that the machine survives.',
  ],
  [/swap|memory|ram|pressure/, 'Run fewer sessions at a time, or limit the biggest with MemoryMax.'],
  [
    /inode|disk_free|disk_full|filesystem|space/,
    'Clean build folders, caches and old logs regularly; docker system df and du -x show where it is.',
  ],
  [/temperature|thermal/, 'Check fans and dust, and limit parallel builds.'],
  [/load|cpu|runaway|spin/, 'Limit parallel builds and tests (-j), or give the agents less CPUWeight.'],
  [
    /fd|socket|connection/,
    'It does not close what it opens: look for a newer version, or restart it from time to time.',
  ],
];

const BY_SUBJECT: Partial<Record<Alert['subject']['kind'], string>> = {
  unit: 'Read its journal (journalctl -u), mend the cause, then restart it.',
  filesystem: 'Clean build folders, caches and old logs regularly.',
  gpu: 'Close what is not used on the GPU, or load smaller models.',
  session: 'Give long sessions a limit (MemoryMax), and restart them from time to time.',
};

/** What keeps it from happening again; empty when nothing is known. */
export function preventionFor(alert: Alert): string {
  const found = BY_RULE.find(([rule]) => rule.test(alert.rule));
  return found?.[1] ?? BY_SUBJECT[alert.subject.kind] ?? '';
}
