import type { Alert } from '../../../model/alert.js';
import { RequestError } from '../../protocol.js';
import type { Services } from '../../services.js';
import type { Caller } from '../definition.js';

/** @throws RequestError where there is none, or it is about somebody else's processes */
export async function findAlert(
  id: number,
  { alerts, visibility }: Pick<Services, 'alerts' | 'visibility'>,
  { viewer, asker }: Pick<Caller, 'viewer' | 'asker'>,
): Promise<Alert> {
  const found = await alerts.find(id, asker);
  const alert = found === null ? null : visibility.alert(found, viewer);
  if (alert === null) {
    throw new RequestError(
      'not_found',
      `there is no alert ${id}, or it is not for you: vigil alerts --all lists them`,
    );
  }
  return alert;
}
