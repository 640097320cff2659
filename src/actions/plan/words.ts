import { printable } from '../../lib/text/printable.js';
import type { Step } from '../../model/action.js';
import type { ProcessRef } from '../../model/snapshot.js';

/** A line for a shell that does what the step does. Numbers and a validated unit name only. */
export function commandLine(step: Step): string {
  switch (step.kind) {
    case 'terminate': {
      const kill = step.force ? 'kill -KILL --' : 'kill --';
      return `${kill} ${step.targets.map(target => target.pid).join(' ')}`;
    }
    case 'renice':
      return `renice -n ${step.nice} -p ${step.target.pid}`;
    case 'restart_service':
      return restartCommand(step.unit);
  }
}

/** A unit's name may hold backslashes, as in `foo\x2dbar.service`. */
export function restartCommand(unit: string, uid: number | null = null): string {
  return `systemctl ${uid === null ? '' : '--user '}restart -- ${unit.includes('\\') ? `'${unit}'` : unit}`;
}

/** To be read by people: root's systemctl would look for another unit of that name. */
export function userRestart(unit: string, uid: number): string {
  return `as uid ${uid}: \`${restartCommand(unit, uid)}\``;
}

/** What is done, in words. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'terminate': {
      const verb = step.force ? 'kill' : 'end';
      const many = step.targets.length;
      if (many === 1) return `${verb} ${nameOf(step.targets[0]!)}`;
      if (step.scope === 'process') return `${verb} ${many} processes, ${nameOf(step.root)} among them`;
      const whole = { group: 'process group', tree: 'process tree', cgroup: 'cgroup' }[step.scope];
      return `${verb} the ${whole} of ${nameOf(step.root)}, ${many} processes`;
    }
    case 'renice':
      return `let ${nameOf(step.target)} yield to others (nice ${step.nice})`;
    case 'restart_service':
      return `restart ${step.unit}`;
  }
}

/** `node (pid 4711)`, free of control characters. */
export function nameOf(process: Pick<ProcessRef, 'comm' | 'pid'>): string {
  return printable(`${process.comm} (pid ${process.pid})`, 60);
}
