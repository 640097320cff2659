import type { Alert } from '../../model/alert.js';
import { mayView } from '../socket/peer.js';
import { type CommandContext, RequestError } from './definition.js';

/** @throws RequestError where there is none, or it is about somebody else's processes */
export async function findAlert(
  id: number,
  { view, sees, asker }: Pick<CommandContext, 'view' | 'sees' | 'asker'>,
): Promise<Alert> {
  const found = await view.alert(id, asker);
  const alert = found !== null && mayView(sees, found.subject.uid) ? view.alertFor(found, sees) : null;
  if (alert === null) {
    throw new RequestError(
      'not_found',
      `there is no alert ${id}, or it is not for you: vigil alerts --all lists them`,
    );
  }
  return alert;
}
