import { z } from 'zod';
import { nearest } from '../../lib/text/nearest.js';
import { printable } from '../../lib/text/printable.js';
import { type CommandContext, RequestError } from '../commands/definition.js';
import { COMMANDS } from '../commands/index.js';
import { type ErrorCode, MAX_ID_LENGTH, type Reply, type RequestId } from '../contract.js';

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
  context: CommandContext,
  onBug: (error: unknown) => void,
): Reply | Promise<Reply> {
  const parsed = parseLine(line);
  if (parsed === undefined) return errorReply(null, 'bad_json', 'the line is not JSON in UTF-8');
  const request = requestSchema.safeParse(parsed);
  if (!request.success) {
    return errorReply(idOf(parsed), 'bad_request', SHAPE);
  }
  const { cmd, id = null, params = {} } = request.data;
  const failed = (error: unknown): Reply => {
    if (error instanceof RequestError) return errorReply(id, error.code, error.message);
    onBug(error);
    return bugReply(id);
  };
  const reply = (data: unknown): Reply =>
    cmd === 'ping' ? { type: 'pong', id } : { type: 'response', id, data };
  try {
    const data = run(cmd, params, context);
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

function run(cmd: string, params: Record<string, unknown>, context: CommandContext): unknown {
  const command = Object.hasOwn(COMMANDS, cmd) ? COMMANDS[cmd] : undefined;
  if (command === undefined) throw new RequestError('unknown_command', unknownCommand(cmd));
  if (!command.open && context.sees.kind === 'none') {
    throw new RequestError(
      'denied',
      'who you are could not be found out, so only ping and health are answered',
    );
  }
  const checked = command.params.safeParse(params);
  if (!checked.success) throw new RequestError('bad_request', badParams(cmd, checked.error));
  return command.run(checked.data, context);
}

function unknownCommand(cmd: string): string {
  const known = Object.keys(COMMANDS);
  const meant = nearest(cmd, known);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  return `unknown command "${printable(cmd, 60)}": ${hint}known are ${known.join(', ')}`;
}

function badParams(cmd: string, error: z.ZodError): string {
  const problems = error.issues.map(issue => {
    const path = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
    return `${path}${issue.message}`;
  });
  return printable(`params of ${cmd}: ${problems.join('; ')}`, 300);
}
