import { printable } from '../../lib/text/printable.js';

/**
 * What a refusal of the model's API means, from its HTTP status and the words that agents write down. 401 and 403: no
 * valid login (RFC 9110); 402: nothing left to pay with; 429: too much asked, for now or until the quota is renewed.
 */
export function refusal(
  message: string,
  status: number | null = null,
): { phase: 'limit' | 'auth' | 'error'; detail: string | null } {
  const code = status ?? Number(/\b(4\d\d|5\d\d)\b/.exec(message)?.[1] ?? 0);
  const detail = message === '' ? null : printable(message, 200);
  if (code === 401 || code === 403 || NO_LOGIN.test(message)) return { phase: 'auth', detail };
  if (code === 402 || code === 429 || USED_UP.test(message)) return { phase: 'limit', detail };
  return { phase: 'error', detail };
}

const NO_LOGIN =
  /unauthori[sz]ed|invalid (api )?key|authentication|not logged in|login (has )?expired|permission_denied/i;
const USED_UP =
  /rate.?limit|quota|usage limit|insufficient.?(credit|fund|balance)|resource.?exhausted|too many requests/i;
