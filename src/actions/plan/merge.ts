import { processKey } from '../../lib/process/identity.js';
import { type Step, type Verdict, worseRisk } from '../../model/action.js';
import type { ProcessRef } from '../../model/snapshot.js';

/** Judged proposals of the same kind, as one: its risk is the highest, and it is allowed if all of it is. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  const [first, ...others] = verdicts;
  if (first === undefined)
    return { allowed: false, risk: 'safe', reason: 'there is nothing to do', steps: [] };
  let { risk, reason } = first;
  for (const other of others) {
    if (worseRisk(risk, other.risk) === risk) continue;
    ({ risk, reason } = other);
  }
  return {
    allowed: verdicts.every(({ allowed }) => allowed),
    risk,
    reason,
    steps: mergeSteps(verdicts.flatMap(({ steps }) => steps)),
  };
}

/** Single processes are ended together: one grace for all. */
export function mergeSteps(steps: readonly Step[]): Step[] {
  const merged: Step[] = [];
  // Grows: there may be a thousand of them.
  let targets: ProcessRef[] = [];
  for (const step of steps) {
    const last = merged.at(-1);
    if (
      step.kind === 'terminate' &&
      last?.kind === 'terminate' &&
      step.scope === 'process' &&
      last.scope === 'process' &&
      step.force === last.force
    ) {
      targets.push(...step.targets);
      continue;
    }
    targets = step.kind === 'terminate' ? [...step.targets] : [];
    merged.push(step.kind === 'terminate' ? { ...step, targets } : step);
  }
  return merged;
}

/** What the steps would touch. */
export function targetsOf(steps: readonly Step[]): ProcessRef[] {
  return steps.flatMap(step =>
    step.kind === 'terminate' ? step.targets : step.kind === 'renice' ? [step.target] : [],
  );
}

/**
 * What of the steps may still be done: single processes that were not tried before, and groups of at most
 * `max` none of which was. What survived once is in nobody's hands but a person's.
 */
export function freshSteps(steps: readonly Step[], tried: ReadonlySet<string>, max: number): Step[] {
  return steps.flatMap(step => {
    if (step.kind !== 'terminate') return [];
    const targets = step.targets.filter(target => !tried.has(processKey(target)));
    if (step.scope === 'process') return targets.length === 0 ? [] : [{ ...step, targets }];
    return targets.length === step.targets.length && targets.length <= max ? [step] : [];
  });
}

/** The same steps for at most `count` processes; a group is whole or not there. */
export function limitSteps(steps: readonly Step[], count: number): Step[] {
  let left = count;
  return steps.flatMap(step => {
    if (step.kind !== 'terminate') return [];
    const targets = step.scope === 'process' ? step.targets.slice(0, left) : step.targets;
    if (targets.length === 0 || targets.length > left) return [];
    left -= targets.length;
    return [{ ...step, targets }];
  });
}
