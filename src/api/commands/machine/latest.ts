import type { Snapshot } from '../../../model/snapshot.js';
import { RequestError } from '../../protocol.js';
import type { Services } from '../../services.js';
import type { Caller } from '../definition.js';

/** The latest look at the machine as the one who asks may know it. @throws RequestError before the first */
export function latestFor(
  { machine, visibility }: Pick<Services, 'machine' | 'visibility'>,
  { viewer }: Pick<Caller, 'viewer'>,
): Snapshot {
  const { latest } = machine;
  if (latest === null) throw new RequestError('not_ready', 'vigil has not looked at the machine yet');
  return visibility.machine(latest, viewer);
}

/** @throws RequestError before the first look at the machine */
export function mustHaveLooked({ machine }: Pick<Services, 'machine'>): void {
  if (machine.latest === null)
    throw new RequestError('not_ready', 'vigil has not looked at the machine yet: ask again in a moment');
}
