import type { ChangedBy } from '../model/config-key.js';
import { configJsonSchema } from './schema.js';

/** docs/configuration.md, from the schema. */

interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  changed_by?: ChangedBy;
}

const INTRO = `# Configuration

<!-- Made from src/config/schema.ts by \`make docs\`: change that. -->

TOML, in \`/etc/vigil/config.toml\` for a daemon that runs as root, else in \`$XDG_CONFIG_HOME/vigil/config.toml\`
(\`~/.config/vigil/config.toml\`), or wherever \`vigil daemon --config FILE\` says. No file is needed. Every key has a
default but those of lists of tables, \`[[…]]\`. Unknown keys and wrong values are refused, all of them at once, with file and line.
\`vigil config\` shows, checks and changes it; the daemon takes over most changes of the file at once and says which wait
for a restart: \`sensor\`, \`state\`, \`evidence\`, \`agents\`, \`history.enabled\` and \`history.max_size_mb\`.
Members of the group \`vigil\` may change it over the [socket](../specs/030-api.md), but for the keys that are *root’s*:
what root runs, which files it reads or writes, where keys are sent, what is protected.
`;

export function configReference(): string {
  return `${INTRO}\n${sections(null, configJsonSchema() as JsonSchema)
    .join('\n')
    .trimEnd()}\n`;
}

/** A table's own keys, then the tables within it. */
function sections(name: string | null, schema: JsonSchema): string[] {
  const table = schema.items ?? schema;
  const children = Object.entries(table.properties ?? {});
  const plain = children.filter(([, child]) => !isTable(child));
  const inner = children.filter(([, child]) => isTable(child));
  const title =
    name === null ? 'Top level' : `\`${schema.items === undefined ? `[${name}]` : `[[${name}]]`}\``;
  const about = name === null || schema.description === undefined ? [] : [wordsOf(schema), ''];
  return [
    ...(plain.length === 0 ? [] : [`## ${title}`, '', ...about, ...rows(plain, table.required ?? []), '']),
    ...inner.flatMap(([key, child]) => sections(name === null ? key : `${name}.${key}`, child)),
  ];
}

/** `[table]` or `[[table]]` */
function isTable(schema: JsonSchema): boolean {
  return (schema.items ?? schema).properties !== undefined;
}

function rows(children: readonly (readonly [string, JsonSchema])[], required: readonly string[]): string[] {
  return [
    '| Key | Value | Default | |',
    '|---|---|---|---|',
    ...children.map(
      ([name, schema]) =>
        `| \`${name}\` | ${values(schema)} | ${fallback(schema, required.includes(name))} | ${cell(wordsOf(schema))} |`,
    ),
  ];
}

function values(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(value => `\`"${String(value)}"\``).join(', ');
  if (schema.type === 'integer' || schema.type === 'number') {
    return `${schema.minimum ?? 'any'} to ${schema.maximum ?? 'any'}`;
  }
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'array' ? 'list of texts' : 'text';
}

function fallback(schema: JsonSchema, required: boolean): string {
  if (required) return 'must be given';
  return schema.default === undefined ? '–' : `\`${JSON.stringify(schema.default)}\``;
}

/** What it is, and whether only root may change it. */
function wordsOf({ description = '', changed_by }: JsonSchema): string {
  return changed_by === 'root' ? `${description} *Root’s.*` : description;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
