import { printable } from '../lib/text/printable.js';
import type { ActionTarget, ActionType, DiagnosedAction } from '../model/action.js';
import type { ProcessRef } from '../model/snapshot.js';
import type { Context } from './question.js';
import type { Diagnosis } from './schema.js';

/**
 * From what a model names to what is meant. Only what stood in the question can be meant: a pid becomes the
 * process that was seen then, with its start time; everything else is left out, with the reason.
 */

export interface Proposals {
  proposals: readonly DiagnosedAction[];
  /** Why actions, or parts of their targets, were left out. Printable. */
  left_out: readonly string[];
}

const MAX_LEFT_OUT = 20;

export function proposalsOf(diagnosis: Diagnosis, context: Context): Proposals {
  const left_out: string[] = [];
  const proposals = diagnosis.actions.flatMap(action => {
    const target = targetOf(action.type, action.target, context, left_out);
    if (target === null) return [];
    const { type, risk, explanation, command } = action;
    return [{ type, target, risk, explanation, command }];
  });
  return { proposals, left_out: left_out.slice(0, MAX_LEFT_OUT) };
}

function targetOf(
  type: ActionType,
  named: string,
  context: Context,
  left_out: string[],
): ActionTarget | null {
  switch (type) {
    case 'kill_process':
    case 'kill_group':
    case 'renice':
      return processTarget(type, named, context, left_out);
    case 'restart_service': {
      const unit = named.trim();
      if (context.units.has(unit)) return { kind: 'unit', unit };
      left_out.push(`${type} of ${shown(named)}: no such unit was in the question`);
      return null;
    }
    case 'free_cache':
    case 'custom':
      return { kind: 'host' };
  }
}

function processTarget(
  type: ActionType,
  named: string,
  context: Context,
  left_out: string[],
): ActionTarget | null {
  const processes = new Map<number, ProcessRef>();
  for (const word of named.split(/[\s,]+/).filter(word => word !== '')) {
    // Decimal digits only: no signs, no names, nothing that wraps around to another number.
    const process = /^[1-9]\d{0,9}$/.test(word) ? context.processes.get(Number(word)) : undefined;
    if (process !== undefined && process.pid > 1) processes.set(process.pid, process);
    else left_out.push(`${type} of ${shown(word)}: no such process was in the question`);
  }
  if (processes.size > 0) return { kind: 'processes', processes: [...processes.values()] };
  if (named.trim() === '') left_out.push(`${type} without a target`);
  return null;
}

function shown(named: string): string {
  return `"${printable(named, 60)}"`;
}
