import { printable } from '../../lib/text/printable.js';
import type { ActionPlan, ActionProposal, Verdict } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import { mergeSteps, mergeVerdicts } from './merge.js';
import type { Proposed } from './proposals.js';
import { commandLine, describeStep } from './words.js';

type Draft = Omit<ActionPlan, 'id'>;

export interface Judged {
  proposal: ActionProposal;
  verdict: Verdict;
}

/**
 * Proposals of the same type and risk become one plan, what vigil does by itself first. What may not be
 * touched is counted in the text; where nothing else is left, that is the plan.
 */
export function makePlans(
  alert: Alert | null,
  judged: readonly Judged[],
  proposed: Proposed,
  time_ms: number,
): Draft[] {
  const offered = judged.filter(({ verdict }) => verdict.steps.length > 0);
  const left = judged.filter(({ verdict }) => verdict.steps.length === 0);
  const bundles = new Map<string, Judged[]>();
  for (const one of offered) {
    const key = `${one.proposal.type} ${one.verdict.risk} ${one.verdict.allowed}`;
    const bundle = bundles.get(key);
    if (bundle === undefined) bundles.set(key, [one]);
    else bundle.push(one);
  }
  const aside = left.length === 0 ? '' : ` ${left.length} left alone: ${left[0]!.verdict.reason}.`;
  const plans = [...bundles.values()].map(bundle => {
    const verdict = mergeVerdicts(bundle.map(one => one.verdict));
    const proposals = bundle.map(one => one.proposal);
    const draft = makePlan(alert, proposals, verdict, time_ms);
    return { ...draft, text: `${draft.text} ${proposed.text}${aside}` };
  });
  if (plans.length > 0) return plans.sort((a, b) => Number(b.verdict.allowed) - Number(a.verdict.allowed));
  const verdict = left[0]?.verdict ?? {
    allowed: false,
    risk: 'safe',
    reason: 'there is nothing that vigil could do',
    steps: [],
  };
  const { text, command } = proposed;
  const about = {
    alert_id: alert?.id ?? null,
    rule: alert?.rule ?? null,
    time_ms,
    type: 'custom' as const,
    proposals: [],
  };
  return [{ ...about, verdict, command, text: `${text}${aside}` }];
}

/** One plan for proposals that were judged together. */
export function makePlan(
  alert: Alert | null,
  proposals: readonly ActionProposal[],
  verdict: Verdict,
  time_ms: number,
): Draft {
  const steps = mergeSteps(verdict.steps);
  const what = steps.map(describeStep).join('; ');
  const said = printable(proposals[0]?.explanation ?? '', 500);
  return {
    alert_id: alert?.id ?? null,
    rule: alert?.rule ?? null,
    time_ms,
    type: proposals[0]?.type ?? 'custom',
    proposals,
    verdict: { ...verdict, steps },
    command: steps.length === 0 ? null : steps.map(commandLine).join('; '),
    text: what === '' ? said || verdict.reason : `${capital(what)}.`,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
