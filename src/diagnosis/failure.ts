import { durationText } from '../lib/text/amounts.js';

/** Every way in which a model does not answer. Each ends in one clear sentence and the rules' explanation. */

export const FAILURES = [
  'disabled',
  'no_key',
  'setup',
  'busy',
  'cooldown',
  'budget',
  'auth',
  'rate_limit',
  'overloaded',
  'request',
  'server',
  'network',
  'timeout',
  'too_large',
  'refusal',
  'truncated',
  'bad_answer',
  'stopped',
] as const;
export type FailureCode = (typeof FAILURES)[number];

export interface Failure {
  code: FailureCode;
  /** One printable line for people that says what to do; no secret, no address. */
  message: string;
  /** It passes by itself after this time; null: somebody must do something, or it is not known. */
  wait_ms: number | null;
}

/** What a provider throws when one request failed. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly status: number | null;
  /** Trying again can help: after this time, or after the usual one when null. */
  readonly retry_after_ms: number | null;
  readonly retryable: boolean;

  constructor(
    readonly code: FailureCode,
    message: string,
    options: { status?: number; retry_after_ms?: number | null; retryable?: boolean } = {},
  ) {
    super(message);
    this.status = options.status ?? null;
    this.retry_after_ms = options.retry_after_ms ?? null;
    this.retryable = options.retryable ?? ['rate_limit', 'overloaded', 'server', 'network'].includes(code);
  }
}

/** The failure that an HTTP status stands for. `key`: where the key came from. */
export function statusError(status: number, retry_after_ms: number | null, key: string): ModelError {
  const options = { status, retry_after_ms };
  const wait = retry_after_ms === null ? '' : `; it asks to wait ${durationText(retry_after_ms)}`;
  if (status === 401 || status === 403) {
    return new ModelError('auth', `The model's API refused the key (${status}): check ${key}.`, options);
  }
  if (status === 402)
    return new ModelError('auth', `The model's API asks for payment (402): see to the account.`, options);
  if (status === 404) {
    return new ModelError(
      'request',
      `The model's API knows no such model or address (404): check ai.model and ai.base_url.`,
      options,
    );
  }
  if (status === 413)
    return new ModelError('request', `The model's API found the question too long (413).`, options);
  if (status === 429)
    return new ModelError('rate_limit', `The model's API limits the rate (429)${wait}.`, options);
  if (status === 529 || status === 503) {
    return new ModelError('overloaded', `The model's API is overloaded (${status})${wait}.`, options);
  }
  if (status >= 500) return new ModelError('server', `The model's API failed (${status})${wait}.`, options);
  if (status >= 300 && status < 400) {
    return new ModelError(
      'setup',
      `The model's API redirects elsewhere (${status}), which is not followed: check ai.base_url.`,
      options,
    );
  }
  return new ModelError(
    'request',
    `The model's API refused the request (${status}): check ai.model and ai.base_url.`,
    options,
  );
}
