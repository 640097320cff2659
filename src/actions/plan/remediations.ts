/**
 * What each rule's alert calls for. A rule that is not here gets an answer by what its alert is about.
 *
 * - `leftovers`: every process of the alert was left by a dead session; end them
 * - `duplicates`: the same command many times; end all but the newest
 * - `storm`: a whole group ran away; end the group
 * - `zombies`: dead already; only the parent can help
 * - `leak`: grows without bound; starting it again helps
 * - `cpu`: takes much CPU; let it yield, or end it
 * - `hog`: takes much of something else; name it
 * - `service`: a unit failed; restart it
 * - `host`: the machine is short of something; name who uses it
 */
export type Play =
  | 'leftovers'
  | 'duplicates'
  | 'storm'
  | 'zombies'
  | 'leak'
  | 'cpu'
  | 'hog'
  | 'service'
  | 'host';

const PLAYBOOK: Readonly<Record<string, Play>> = {
  orphan: 'leftovers',
  duplicates: 'duplicates',
  ghost_process_storm: 'duplicates',
  fork_bomb: 'storm',
  zombie: 'zombies',
  memory_full_soon: 'leak',
  memory_leak: 'leak',
  fd_leak: 'leak',
  agent_memory: 'leak',
  cpu_high: 'cpu',
  unit_failing: 'service',
};

export function playOf(alert: { rule: string; subject: { kind: string } }): Play {
  const known = Object.hasOwn(PLAYBOOK, alert.rule) ? PLAYBOOK[alert.rule] : undefined;
  if (known !== undefined) return known;
  if (alert.subject.kind === 'unit') return 'service';
  return ['process', 'processes', 'session'].includes(alert.subject.kind) ? 'hog' : 'host';
}
