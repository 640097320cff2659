import type { ApiClient, Explained, Prompt } from '../api/client/index.js';
import type { Target } from './target.js';

/** A model may take a minute and more. */
export async function explainTarget(
  client: ApiClient,
  target: Target,
  timeoutMs: number,
): Promise<Explained> {
  const answer = await ask(client, target, false, timeoutMs);
  if ('system' in answer) throw new TypeError('a prompt instead of an explanation');
  return answer;
}

/** What a model would be sent. */
export async function promptFor(client: ApiClient, target: Target): Promise<Prompt> {
  const answer = await ask(client, target, true);
  if (!('system' in answer)) throw new TypeError('an explanation instead of a prompt');
  return answer;
}

function ask(client: ApiClient, target: Target, prompt: boolean, timeoutMs?: number) {
  return target.kind === 'alert'
    ? client.call('explain_alert', { id: target.id, prompt }, timeoutMs)
    : client.call('explain_process', { pid: target.pid, prompt }, timeoutMs);
}
