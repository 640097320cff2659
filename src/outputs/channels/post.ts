import { boundedFetch, networkReason, retryAfter_ms } from '../../lib/net/bounded-fetch.js';
import type { Post } from './message.js';

/** One attempt to post. `reason` never holds the address, which is a secret. */
export type Outcome =
  | { ok: true }
  | { ok: false; reason: string; retryable: boolean; retry_after_ms: number | null };

const MAX_ANSWER_BYTES = 64 * 1024;

/** Never throws. `address`: http or https; `user:password@` in it becomes a header. */
export async function postOnce(
  address: string,
  post: Post,
  options: { timeout_ms: number; signal: AbortSignal; now_ms: number },
): Promise<Outcome> {
  const target = targetOf(address);
  if (target === null) return refused('its address is no http or https URL', false);
  const overdue = AbortSignal.timeout(options.timeout_ms);
  try {
    const response = await boundedFetch(MAX_ANSWER_BYTES)(target.url, {
      method: 'POST',
      headers: { 'user-agent': 'vigil', ...post.headers, ...target.headers },
      body: post.body,
      signal: AbortSignal.any([overdue, options.signal]),
    });
    const wait_ms = retryAfter_ms(response.headers, options.now_ms);
    // What it says is nobody's business; it must only end.
    await response.body?.cancel().catch(() => {});
    return outcomeOf(response.status, wait_ms);
  } catch (error) {
    if (overdue.aborted) return refused(`no answer within ${options.timeout_ms / 1000} s`, true);
    return refused(networkReason(error), true);
  }
}

function outcomeOf(status: number, retry_after_ms: number | null): Outcome {
  if (status >= 200 && status < 300) return { ok: true };
  if (status >= 300 && status < 400) {
    return refused(
      `it redirects elsewhere (${status}), which is not followed: give the final address`,
      false,
    );
  }
  if (status === 429 || status >= 500) {
    const reason = status === 429 ? 'it limits the rate (429)' : `it failed (${status})`;
    return { ok: false, reason, retryable: true, retry_after_ms };
  }
  const hint = [401, 403, 404, 410].includes(status) ? ': the address is wrong or was revoked' : '';
  return refused(`it refused the message (${status})${hint}`, false);
}

function refused(reason: string, retryable: boolean): Outcome {
  return { ok: false, reason, retryable, retry_after_ms: null };
}

/** fetch takes no address with a user in it. */
function targetOf(address: string): { url: URL; headers: Record<string, string> } | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  if (url.username === '' && url.password === '') return { url, headers: {} };
  const login = `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
