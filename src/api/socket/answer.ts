import { z } from 'zod';
import type { Caller } from '../commands/definition.js';
import { prepare } from '../commands/prepare.js';
import { type ErrorCode, MAX_ID_LENGTH, type Reply, RequestError, type RequestId } from '../protocol.js';
import type { Services } from '../services.js';
import type { Stream } from '../streams/stream.js';

/** One request line to one reply, now or later. Pure but for what the command does. */

const idSchema = z.union([z.string().max(MAX_ID_LENGTH), z.number(), z.null()]);

const requestSchema = z.object({
  cmd: z.string(),
  id: idSchema.optional(),
  params: z.record(z.string(), z.unknown()).optional(),
});

const SHAPE = `a request is {"cmd": NAME, "id"?: a number or a text of up to ${MAX_ID_LENGTH} characters, "params"?: {…}}`;

export function errorReply(id: RequestId, code: ErrorCode, message: string): Reply {
  return { type: 'error', id, error: { code, message } };
}

/** To what failed through no fault of the one who asked. */
export function bugReply(id: RequestId): Reply {
  return errorReply(id, 'internal', 'vigil failed to answer this; its log says more');
}

export function answer(
  line: Buffer,
  services: Services,
  caller: Caller,
  /** Called when something is sent unasked from then on; perhaps before the answer is known. */
  subscribe: (stream: Stream) => void,
  onBug: (error: unknown) => void,
): Reply | Promise<Reply> {
  const parsed = parseLine(line);
  if (parsed === undefined) return errorReply(null, 'bad_json', 'the line is not JSON in UTF-8');
  const request = requestSchema.safeParse(parsed);
  if (!request.success) return errorReply(idOf(parsed), 'bad_request', SHAPE);
  const { cmd, id = null, params = {} } = request.data;
  const failed = (error: unknown): Reply => {
    if (error instanceof RequestError) return errorReply(id, error.code, error.message);
    onBug(error);
    return bugReply(id);
  };
  const reply = (data: unknown): Reply =>
    cmd === 'ping' ? { type: 'pong', id } : { type: 'response', id, data };
  try {
    const { run, stream } = prepare(cmd, params, caller);
    const data = run(services, () => {
      if (stream !== null) subscribe(stream);
    });
    return data instanceof Promise ? data.then(reply, failed) : reply(data);
  } catch (error) {
    return failed(error);
  }
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
}

/** What a request that is none is answered to. */
function idOf(value: unknown): RequestId {
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  return idSchema.safeParse(value.id).data ?? null;
}
