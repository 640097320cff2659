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
}

const INTRO = `# Configuration

<!-- Made from src/config/schema.ts by \`make docs\`: change that. -->

TOML, in \`/etc/vigil/config.toml\` for a daemon that runs as root, else in \`$XDG_CONFIG_HOME/vigil/config.toml\`
(\`~/.config/vigil/config.toml\`), or wherever \`vigil daemon --config FILE\` says. No file is needed. Every key has a
default but those of \`[[agents]]\`. Unknown keys and wrong values are refused, all of them at once, with file and line.
The daemon reads it when it starts.
`;

export function configReference(): string {
  const root = configJsonSchema() as JsonSchema;
  const keys = Object.entries(root.properties ?? {});
  const plain = keys.filter(([, schema]) => !isTable(schema) && !isTables(schema));
  const sections = keys.filter(([, schema]) => isTable(schema) || isTables(schema));
  return [
    INTRO,
    ...(plain.length === 0 ? [] : ['## Top level', '', ...rows(Object.fromEntries(plain), []), '']),
    ...sections.flatMap(([name, schema]) => section(name, schema)),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const isTable = (schema: JsonSchema): boolean => schema.type === 'object';
const isTables = (schema: JsonSchema): boolean => schema.type === 'array' && schema.items?.type === 'object';

function section(name: string, schema: JsonSchema): string[] {
  const table = isTables(schema) ? schema.items! : schema;
  const title = isTables(schema) ? `[[${name}]]` : `[${name}]`;
  return [
    `## \`${title}\``,
    '',
    schema.description ?? '',
    '',
    ...rows(table.properties ?? {}, table.required ?? []),
    '',
  ];
}

function rows(properties: Record<string, JsonSchema>, required: readonly string[]): string[] {
  return [
    '| Key | Value | Default | |',
    '|---|---|---|---|',
    ...Object.entries(properties).map(
      ([name, schema]) =>
        `| \`${name}\` | ${values(schema)} | ${fallback(schema, required.includes(name))} | ${cell(schema.description ?? '')} |`,
    ),
  ];
}

function values(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(value => `\`"${String(value)}"\``).join(', ');
  if (schema.type === 'integer') return `${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'array' ? 'list of texts' : 'text';
}

function fallback(schema: JsonSchema, required: boolean): string {
  if (required) return 'must be given';
  return schema.default === undefined ? '–' : `\`${JSON.stringify(schema.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
