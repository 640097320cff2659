/**
 * What a running daemon takes over when the file changes, by the first name of the key or by all of it. What
 * is not named here needs a restart: how vigil looks into the kernel, what counts as an agent, and what is
 * believed of it, are settled at its start.
 */
const LIVE: ReadonlySet<string> = new Set([
  'log_level',
  'notifications',
  'badges',
  'tray',
  'sampling',
  'collectors',
  'thresholds',
  'detection',
  'allowlist',
  'actions',
  'ai',
  'webhooks',
  'log_file',
  'history.retention_hours',
  'history.snapshot_interval_s',
]);

export function isLive(key: string): boolean {
  return LIVE.has(key) || LIVE.has(key.split('.', 1)[0]!);
}
