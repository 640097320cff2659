import { z } from 'zod';
import { markdownTable } from '../lib/text/markdown-table.js';
import type { Access, Command, Pace } from './commands/definition.js';
import { COMMANDS } from './commands/map.js';
import { ERROR_CODES } from './protocol.js';
import type { Stream } from './streams/stream.js';

/** docs/api.md, from the commands' own definitions. */

const HEAD = `# The API

<!-- Made from src/api by \`make docs\`: change the commands there. -->

vigil answers programs on a Unix socket, \`vigil.sock\` in its runtime folder (\`/run/vigil\` for root), in JSON lines. A
request is one line, \`{"cmd": NAME, "id"?: ID, "params"?: {…}}\`; one line answers it: \`{"type":"response","id","data"}\`,
for \`ping\` \`{"type":"pong","id"}\`, or \`{"type":"error","id","error":{"code","message"}}\`. \`id\`, a number, null or a text of
at most 200 characters, comes back.

\`\`\`sh
echo '{"cmd":"agents"}' | socat - UNIX-CONNECT:/run/vigil/vigil.sock
\`\`\`

Who asks is known from the kernel. Root, the user of the daemon and the group \`vigil\` see everything; everybody else the
machine, and what is their own. Times that end in \`_ms\` are milliseconds since the epoch, the others ISO 8601 in UTC. Text
of other processes is raw, as in all JSON. A field that is not known is null.
`;

const WHO: Record<Access['who'], string> = {
  anyone: 'anyone',
  users: 'everybody, for what is theirs',
  admins: 'who sees everything',
};

const WHEN: Record<Pace, string> = {
  quick: 'in the order of the requests',
  stepwise: 'in the order of the requests, where it is not much; else when it is done',
  queued: 'when it is done: others are answered meanwhile',
};

export function apiReference(): string {
  const commands = [...COMMANDS.values()];
  const types = new NamedTypes();
  const details = commands.map(command => commandSection(command, types));
  return [
    HEAD,
    '## Commands\n',
    table(
      ['command', 'params', 'answer', 'what it tells'],
      commands.map(command => [
        `[\`${command.name}\`](#${command.name})`,
        paramNames(command),
        types.of(command.result),
        command.description,
      ]),
    ),
    ...details,
    '## Errors\n',
    table(
      ['code', 'meaning'],
      Object.entries(ERROR_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
    '## What is answered\n',
    ...types.sections(),
  ].join('\n');
}

function commandSection(command: Command, types: NamedTypes): string {
  const { access, pace, subscribe } = command;
  const params = fieldsOf(jsonSchema(command.params, 'input'), types);
  return [
    `### \`${command.name}\`\n`,
    `${sentence(command.description)}\n`,
    `For ${WHO[access.who]}. Answered ${WHEN[pace]}: ${types.of(command.result)}.\n`,
    ...(params.length === 0 ? [] : [table(['param', 'type', ''], params)]),
    ...(subscribe === undefined ? [] : [streamText(subscribe.stream, subscribe.when !== undefined, types)]),
  ].join('\n');
}

function streamText({ description, message }: Stream, isAskedFor: boolean, types: NamedTypes): string {
  const when = isAskedFor ? 'Where that is asked for, the' : 'The';
  return `${when} connection is then sent ${description}: ${types.of(message)}.\n`;
}

function paramNames({ params }: Command): string {
  const { properties = {}, required = [] } = jsonSchema(params, 'input');
  const names = Object.keys(properties).map(name => `\`${name}${required.includes(name) ? '' : '?'}\``);
  return names.length === 0 && params.description !== undefined ? params.description : names.join(', ');
}

/** As much of JSON Schema as zod makes of these. */
interface Shape {
  id?: string;
  $ref?: string;
  $defs?: Record<string, Shape>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Shape[];
  oneOf?: Shape[];
  items?: Shape;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  required?: string[];
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Shape {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Shape;
}

/** The types that have a name, each with a section of its own. */
class NamedTypes {
  private readonly shapes = new Map<string, Shape>();

  /** In words, with a link where it has a name. */
  of(schema: z.ZodType): string {
    if (schema instanceof z.ZodUndefined) return 'nothing';
    const shape = jsonSchema(schema, 'output');
    for (const [name, definition] of Object.entries(shape.$defs ?? {})) this.add(name, definition);
    return this.text(shape);
  }

  sections(): string[] {
    return [...this.shapes]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, shape]) => this.section(name, shape));
  }

  private section(name: string, shape: Shape): string {
    const about = shape.description === undefined ? [] : [`${sentence(shape.description)}\n`];
    const choices = shape.anyOf ?? shape.oneOf;
    if (choices !== undefined)
      return [`### ${name}\n`, ...about, ...choices.map(one => `- ${this.text(one)}`), ''].join('\n');
    return [`### ${name}\n`, ...about, table(['field', 'type', ''], fieldsOf(shape, this))].join('\n');
  }

  text(shape: Shape): string {
    const { id, $ref, type, items, properties, additionalProperties } = shape;
    const name = id ?? $ref?.replace(/^.*\//, '');
    if (name !== undefined) {
      if (id !== undefined) this.add(name, shape);
      return `[${name}](#${name.toLowerCase()})`;
    }
    const choices = shape.anyOf ?? shape.oneOf;
    if (choices !== undefined) return choices.map(choice => this.text(choice)).join(' \\| ');
    if (shape.const !== undefined) return `\`${JSON.stringify(shape.const)}\``;
    if (shape.enum !== undefined) return shape.enum.map(one => `\`${JSON.stringify(one)}\``).join(' \\| ');
    if (items !== undefined) return `list of ${this.text(items)}`;
    if (properties !== undefined) return this.inline(shape);
    if (type === 'object')
      return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
        ? `by name: ${this.text(additionalProperties)}`
        : 'object';
    return type === undefined ? 'anything' : [type].flat().join(' \\| ');
  }

  private inline({ properties = {}, required = [] }: Shape): string {
    const fields = Object.entries(properties).map(
      ([name, field]) => `\`${name}${required.includes(name) ? '' : '?'}\`: ${this.text(field)}`,
    );
    return fields.length === 0 ? 'nothing' : `{ ${fields.join(', ')} }`;
  }

  private add(name: string, shape: Shape): void {
    if (!this.shapes.has(name)) this.shapes.set(name, shape);
  }
}

function fieldsOf({ properties = {}, required = [] }: Shape, types: NamedTypes): string[][] {
  return Object.entries(properties).map(([name, field]) => [
    `\`${name}${required.includes(name) ? '' : '?'}\``,
    types.text(field),
    [field.description, limits(field), defaultText(field)].filter(part => part !== undefined).join('; '),
  ]);
}

function limits({ minimum, maximum }: Shape): string | undefined {
  const [min, max] = [minimum, maximum].map(limit =>
    limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER
      ? undefined
      : limit.toLocaleString('en'),
  );
  if (max !== undefined) return `${min ?? '…'} to ${max}`;
  return undefined;
}

function defaultText(field: Shape): string | undefined {
  return field.default === undefined ? undefined : `default \`${JSON.stringify(field.default)}\``;
}

/** As a paragraph of its own. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${markdownTable(head, rows)}\n`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
