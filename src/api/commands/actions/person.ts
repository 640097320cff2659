import type { Person } from '../../../model/action.js';
import { RequestError } from '../../protocol.js';
import type { Caller } from '../definition.js';

/** Who is to answer for an action. @throws RequestError when nobody knows */
export function personOf({ person }: Caller): Person {
  if (person === null) throw new RequestError('denied', 'who you are could not be found out');
  return person;
}
