import type { Proposal } from '../../diagnosis/targets.js';
import type { ActionProposal } from '../../model/action.js';

/** An action of a diagnosis, its targets resolved to what stood in the question. */
export type Diagnosed = Proposal;

/** As many proposals as it names processes. The opinion about the risk and the words come with each. */
export function fromDiagnosis({ type, target, risk, explanation, command }: Diagnosed): ActionProposal[] {
  const words = { risk, explanation, command };
  if (target.kind === 'processes')
    return target.processes.map(({ pid }) => ({ type, target: String(pid), ...words }));
  return [{ type, target: target.kind === 'unit' ? target.unit : '', ...words }];
}
