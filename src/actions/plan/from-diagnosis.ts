import type { ActionProposal, DiagnosedAction } from '../../model/action.js';

/** As many proposals as it names processes. The opinion about the risk and the words come with each. */
export function fromDiagnosis({
  type,
  target,
  risk,
  explanation,
  command,
}: DiagnosedAction): ActionProposal[] {
  const words = { risk, explanation, command };
  if (target.kind === 'processes')
    return target.processes.map(({ pid }) => ({ type, target: String(pid), ...words }));
  return [{ type, target: target.kind === 'unit' ? target.unit : '', ...words }];
}
