import { cell, markdownTable } from '../lib/text/markdown-table.js';
import { configKeys } from './keys.js';
import { configJsonSchema, type SchemaNode } from './schema.js';

/** docs/configuration.md, from the schema. */

const intro = () => `# Configuration

<!-- Made from the schemas of the modules (src/config/schema.ts) by \`make docs\`: change that. -->

TOML, in \`/etc/vigil/config.toml\` for a daemon that runs as root, else in \`$XDG_CONFIG_HOME/vigil/config.toml\`
(\`~/.config/vigil/config.toml\`), or wherever \`vigil daemon --config FILE\` says. No file is needed. Every key has a
default but those of lists of tables, \`[[…]]\`. Unknown keys and wrong values are refused, all of them at once, with file and line.
\`vigil config\` shows, checks and changes it; the daemon takes over most changes of the file at once and says which wait
for a restart: ${restartKeys()}.
Members of the group \`vigil\` may change it over the [socket](../specs/030-api.md), but for the keys that are *root’s*:
what root runs, which files it reads or writes, where keys are sent, what is protected.
`;

export function configReference(): string {
  return `${intro()}\n${sections(null, configJsonSchema()).join('\n').trimEnd()}\n`;
}

/** The keys that a running daemon does not take over; tables of which it takes none, by their name. */
function restartKeys(): string {
  const tableOf = (name: string) => name.split('.', 1)[0]!;
  const liveTables = new Set(configKeys().flatMap(({ name, live }) => (live ? [tableOf(name)] : [])));
  const names = configKeys()
    .filter(({ live }) => !live)
    .map(({ name }) => (liveTables.has(tableOf(name)) ? name : tableOf(name)));
  const quoted = [...new Set(names)].map(name => `\`${name}\``);
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** A table's own keys, then the tables within it. */
function sections(name: string | null, schema: SchemaNode): string[] {
  const table = schema.items ?? schema;
  const children = Object.entries(table.properties ?? {});
  const plain = children.filter(([, child]) => !isTable(child));
  const inner = children.filter(([, child]) => isTable(child));
  const title =
    name === null ? 'Top level' : `\`${schema.items === undefined ? `[${name}]` : `[[${name}]]`}\``;
  const about = name === null || schema.description === undefined ? [] : [wordsOf(schema), ''];
  return [
    ...(plain.length === 0 ? [] : [`## ${title}`, '', ...about, keysTable(plain, table.required ?? []), '']),
    ...inner.flatMap(([key, child]) => sections(name === null ? key : `${name}.${key}`, child)),
  ];
}

/** `[table]` or `[[table]]` */
function isTable(schema: SchemaNode): boolean {
  return (schema.items ?? schema).properties !== undefined;
}

function keysTable(
  children: readonly (readonly [string, SchemaNode])[],
  required: readonly string[],
): string {
  return markdownTable(
    ['Key', 'Value', 'Default', ''],
    children.map(([name, schema]) => [
      `\`${name}\``,
      values(schema),
      fallback(schema, required.includes(name)),
      cell(wordsOf(schema)),
    ]),
  );
}

function values(schema: SchemaNode): string {
  if (schema.enum !== undefined) return schema.enum.map(value => `\`"${String(value)}"\``).join(', ');
  if (schema.type === 'integer' || schema.type === 'number') {
    return `${schema.minimum ?? 'any'} to ${schema.maximum ?? 'any'}`;
  }
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'array' ? 'list of texts' : 'text';
}

function fallback(schema: SchemaNode, required: boolean): string {
  if (required) return 'must be given';
  return schema.default === undefined ? '–' : `\`${JSON.stringify(schema.default)}\``;
}

/** What it is, and whether only root may change it. */
function wordsOf({ description = '', changed_by }: SchemaNode): string {
  return changed_by === 'root' ? `${description} *Root’s.*` : description;
}
