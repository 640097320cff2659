import type { Alert } from '../model/alert.js';

/** Advice for what can happen again. By rule first, then by what the alert is about. */
const BY_RULE: Readonly<Record<string, string>> = {
  orphan:
    'End agents with their own command rather than by closing the terminal, and let MCP servers exit when their standard input closes.',
  ghost_process_storm:
    'Configure each MCP server once, for the user rather than for each project, and close sessions that are no longer used.',
  duplicates: 'Start it once and share it, or let whoever starts it end the one before.',
  memory_full_soon: 'Give it a limit of its own: systemd-run --user --scope -p MemoryMax=4G.',
  memory_leak:
    'Restart it before it gets so far, look for a newer version, and give it a limit: systemd-run --user --scope -p MemoryMax=4G.',
  agent_memory: 'Restart long sessions from time to time, or give them a limit (MemoryMax).',
  agent_spinning: 'An agent that waits should use no processor: look for a newer version of it.',
  zombie: 'The parent does not collect its children: look for a newer version of it, or restart it.',
  oom_kill:
    'Run fewer memory-hungry sessions at a time, or give each a limit of its own (MemoryMax), so that the machine survives.',
  ram: 'Run fewer sessions at a time, or limit the biggest with MemoryMax.',
  swap: 'Run fewer sessions at a time, or limit the biggest with MemoryMax.',
  memory_pressure: 'Run fewer sessions at a time, or limit the biggest with MemoryMax.',
  vram: 'Load smaller models, or one at a time.',
  disk_space:
    'Clean build folders, caches and old logs regularly; du -x and docker system df show where it is.',
  disk_full_soon: 'Find what grows (du -x, lsof +L1) and rotate or limit it.',
  inodes: 'Many small files: clean caches and node_modules of projects that are over.',
  io_latency: 'Spread heavy reading and writing over time, or give it ionice -c 3.',
  read_only_remount: 'Look into the kernel log for errors of the disk, and see that there is a backup.',
  temperature_cpu: 'Check fans and dust, and limit parallel builds.',
  temperature_gpu: 'Check fans and dust, and limit what runs on the GPU.',
  load: 'Limit parallel builds and tests (-j), or give agents less CPUWeight.',
  cpu_high: 'Limit parallel builds and tests (-j), or give agents less CPUWeight.',
  runtime_limit: 'Run it with timeout(1).',
  fd_leak: 'It does not close what it opens: look for a newer version, or restart it from time to time.',
};

const BY_SUBJECT: Partial<Record<Alert['subject']['kind'], string>> = {
  unit: 'Read its journal (journalctl -u), mend the cause, then restart it.',
  filesystem: 'Clean build folders, caches and old logs regularly.',
  session: 'Give long sessions a limit (MemoryMax), and restart them from time to time.',
};

const USER_UNIT =
  'Read its journal (journalctl --user-unit), mend the cause, then restart it (systemctl --user restart).';

/** What keeps it from happening again; empty when nothing is known. */
export function preventionFor(alert: Alert): string {
  if (alert.subject.kind === 'unit' && alert.subject.uid !== null) return USER_UNIT;
  return BY_RULE[alert.rule] ?? BY_SUBJECT[alert.subject.kind] ?? '';
}
