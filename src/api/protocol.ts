/**
 * The socket's protocol: JSON lines on `vigil.sock`.
 *
 * A request is one line `{"cmd": NAME, "id"?: RequestId, "params"?: {…}}`. Each is answered by one line:
 * `{"type":"pong","id"}` for ping, else `{"type":"response","id","data"}` or
 * `{"type":"error","id","error":{"code","message"}}`. `id` is echoed (null when none was given). What may be asked
 * stands in `commands/`, what is pushed afterwards in `streams/`; docs/api.md is made from both.
 */

/** Text of at most MAX_ID_LENGTH characters: it is echoed, so it must never be more than can be written down again. */
export type RequestId = string | number | null;

export const MAX_ID_LENGTH = 200;

/** Why a request has no answer. */
export const ERROR_CODES = {
  bad_json: 'the line is no JSON in UTF-8',
  bad_request: 'JSON, but no request, or wrong params',
  unknown_command: 'no such command; the message names those that there are',
  too_large: 'the line is over the limit; the connection is closed',
  not_found: 'no such thing, or not one of yours',
  not_ready: 'ask again in a moment',
  denied: 'this peer may not have that',
  busy: 'too many connections; this one is closed',
  internal: 'a fault of vigil; its log says more',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

export type Reply =
  | { type: 'pong'; id: RequestId }
  | { type: 'response'; id: RequestId; data: unknown }
  | { type: 'error'; id: RequestId; error: { code: ErrorCode; message: string } };

/** Why a request cannot be answered, for the one who asked. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}
