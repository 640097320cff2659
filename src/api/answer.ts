import { z } from 'zod';
import { nearest } from '../text/nearest.js';
import { printable } from '../text/printable.js';
import { type CommandContext, RequestError } from './commands/definition.js';
import { COMMANDS } from './commands/index.js';
import type { ErrorCode, Reply } from './contract.js';

/** One request line to one reply, now or later. Pure but for what the command does. */

const requestSchema = z.object({
  cmd: z.string(),
  id: z.unknown().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
});

export function errorReply(id: unknown, code: ErrorCode, message: string): Reply {
  return { type: 'error', id, error: { code, message } };
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
    return errorReply(idOf(parsed), 'bad_request', 'a request is {"cmd": NAME, "id"?: any, "params"?: {…}}');
  }
  const { cmd, id = null, params = {} } = request.data;
  const failed = (error: unknown): Reply => {
    if (error instanceof RequestError) return errorReply(id, error.code, error.message);
    onBug(error);
    return errorReply(id, 'internal', 'vigil failed to answer this; its log says more');
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

function idOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
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
