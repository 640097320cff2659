import type { Alert } from '../../alerts/alert.js';
import { mayView } from '../peer.js';
import { type CommandContext, RequestError } from './definition.js';

/** @throws RequestError where there is none, or it is about somebody else's processes */
export async function findAlert(
  id: number,
  { view, sees }: Pick<CommandContext, 'view' | 'sees'>,
): Promise<Alert> {
  const alert = await view.alert(id);
  if (alert === null || !mayView(sees, alert.subject.uid)) {
    throw new RequestError(
      'not_found',
      `there is no alert ${id}, or it is not for you: vigil alerts --all lists them`,
    );
  }
  return alert;
}
