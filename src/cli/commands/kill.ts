import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import type { ActionResult, ProcessOutcome, Scope, Verdict } from '../../model/action.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, PROBLEM, UsageError } from '../command.js';
import { pidOf } from '../target.js';

const SHOWN = 30;

export const kill = defineCommand({
  usage: 'kill <pid>',
  describe: 'End a process: SIGTERM, some seconds to obey, then SIGKILL; what it hits is shown first',
  details: [
    'You may end your own processes; root and members of the group vigil those of others. vigil never touches pid 1, itself, its ancestors, kernel threads, services of systemd, compositors, shells and what the configuration protects (actions.protected_commands).',
    'The process that was shown is the one that is hit: should its number belong to another by then, nothing happens. Each attempt is recorded: vigil actions.',
    'Exits 0 when all of it is gone, 1 when something is left or it was refused.',
  ],
  positionals: { pid: { type: 'string', describe: 'Process id' } },
  options: {
    group: { type: 'boolean', default: false, describe: 'Its whole process group' },
    tree: { type: 'boolean', default: false, describe: 'It and everything that descends from it' },
    cgroup: { type: 'boolean', default: false, describe: 'Everything in its cgroup' },
    force: { type: 'boolean', default: false, describe: 'SIGKILL at once' },
    yes: { type: 'boolean', default: false, alias: 'y', describe: 'Do not ask' },
    json: { ...JSON_OPTION, describe: 'Print the result as JSON; needs --yes' },
  },
  async run({ positional, group, tree, cgroup, force, yes, json, runtimeDir }, io) {
    const pid = pidOf(positional.pid!);
    const scopes: Scope[] = [];
    if (group) scopes.push('group');
    if (tree) scopes.push('tree');
    if (cgroup) scopes.push('cgroup');
    if (scopes.length > 1) throw new UsageError('--group, --tree and --cgroup exclude each other');
    if (json && !yes) throw new UsageError('--json needs --yes: nobody could be asked');
    const scope = scopes[0] ?? 'process';
    return askDaemon(runtimeDir, async client => {
      const verdict = await client.call('kill_preview', { pid, scope, force });
      const targets = targetsOf(verdict);
      if (!verdict.allowed) {
        io.err(`vigil: ${printable(verdict.reason, 500)}\n`);
        return PROBLEM;
      }
      if (!yes) {
        io.out(`${previewLines(verdict, targets, force).join('\n')}\n`);
        const answer = await io.ask('Go on? [y/N] ');
        if (answer === null) throw new UsageError('nobody is there to ask: --yes goes on without');
        if (!/^y(es)?$/i.test(answer.trim())) {
          io.out('Nothing was done.\n');
          return PROBLEM;
        }
      }
      const start_ticks = targets.find(target => target.pid === pid)?.start_ticks ?? null;
      const result = await client.call('kill_process', { pid, scope, force, start_ticks });
      printAnswer(io, json, result, () => resultLines(result));
      return result.outcome === 'done' || result.outcome === 'dry_run' ? OK : PROBLEM;
    });
  },
});

export function targetsOf({ steps }: Verdict): ProcessRef[] {
  return steps.flatMap(step => (step.kind === 'terminate' ? step.targets : []));
}

export function previewLines(verdict: Verdict, targets: readonly ProcessRef[], force: boolean): string[] {
  const how = force ? 'SIGKILL' : 'SIGTERM, then SIGKILL,';
  return [
    `${how} for ${counted(targets.length, 'process', 'processes')} (${verdict.risk}: ${printable(verdict.reason, 300)}):`,
    ...targets
      .slice(0, SHOWN)
      .map(({ pid, cmdline }) => `  ${String(pid).padStart(7)}  ${printable(cmdline, 200)}`),
    ...(targets.length > SHOWN ? [`  and ${targets.length - SHOWN} more`] : []),
  ];
}

const FATES: Record<ProcessOutcome['fate'], string> = {
  gone_before: 'was gone before',
  terminated: 'ended',
  killed: 'was killed',
  zombie: 'is dead, but its parent does not collect it',
  blocked: 'hangs in the kernel: it ends when that lets go of it',
  survived: 'is still there',
  spared: 'was left alone',
  dry_run: 'would be ended (dry run)',
};

export function resultLines({ message, processes }: ActionResult): string[] {
  return [
    printable(message, 500),
    ...processes.slice(0, SHOWN).map(({ process, fate, note }) => {
      const more = note === null ? '' : ` (${printable(note, 200)})`;
      return `  ${String(process.pid).padStart(7)}  ${printable(process.comm, 40)} ${FATES[fate]}${more}`;
    }),
  ];
}
