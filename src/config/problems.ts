import type { z } from 'zod';
import { nearest } from '../lib/text/nearest.js';
import { printable } from '../lib/text/printable.js';
import { presentNames } from './keys.js';
import { configJsonSchema, type SchemaNode } from './schema.js';

/** The schema's issues in the words of a person who edits the file. */

export interface Problem {
  /** Path of the key, e.g. `['agents', 0, 'name']`. */
  path: PropertyKey[];
  message: string;
}

type Issue = z.core.$ZodIssue;

export function problemsOf(issues: readonly Issue[]): Problem[] {
  return issues.flatMap(issue => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue);
    return [{ path: [...issue.path], message: `${keyName(issue.path)} ${complaint(issue)}` }];
  });
}

/** `agents[0].name`; the whole file has no name. */
function keyName(path: readonly PropertyKey[]): string {
  return printable(`"${dotted(path)}"`, 200);
}

function dotted(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part + 1}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

function unknownKeys(issue: Issue & { code: 'unrecognized_keys' }): Problem[] {
  return issue.keys.flatMap(key =>
    leaves([...issue.path, key], (issue.input as Record<string, unknown> | undefined)?.[key]).map(path => {
      const meant = suggestion(path);
      const hint = meant === undefined ? '' : ` — did you mean "${meant}"?`;
      return { path, message: `unknown key ${keyName(path)}${hint}` };
    }),
  );
}

/** An unknown table is reported by the keys that somebody wrote into it. */
function leaves(path: PropertyKey[], value: unknown): PropertyKey[][] {
  if (path.length > 8 || typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  const keys = Object.keys(value);
  if (keys.length === 0 || value instanceof Date) return [path];
  return keys.flatMap(key => leaves([...path, key], (value as Record<string, unknown>)[key]));
}

function suggestion(path: PropertyKey[]): string | undefined {
  const written = path.filter(part => typeof part === 'string').join('.');
  const present = presentNames();
  const known = [...new Set([...knownKeys(), ...present.keys()])];
  // The right name in the wrong table, or a slip in the last name alone.
  const last = String(path.at(-1));
  const names = known.map(key => key.split('.').at(-1)!);
  const meant = nearest(written, known) ?? known[names.indexOf(nearest(last, names) ?? '')];
  return meant === undefined ? undefined : (present.get(meant) ?? meant);
}

/** Every key by its path, `agents.name` for one of `[[agents]]`. */
export function knownKeys(): string[] {
  const keys: string[] = [];
  const visit = (schema: SchemaNode, path: string): void => {
    const object = schema.type === 'array' ? schema.items : schema;
    if (object?.properties === undefined) {
      keys.push(path);
      return;
    }
    for (const [name, child] of Object.entries(object.properties)) {
      visit(child, path === '' ? name : `${path}.${name}`);
    }
  };
  visit(configJsonSchema(), '');
  return keys;
}

const TYPES: Record<string, string> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in [brackets]',
  object: 'a table',
};

function complaint(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing';
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${shown(issue.input)}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const meant = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
      const hint = meant === undefined ? '' : ` — did you mean "${meant}"?`;
      const choice = values.map(value => `"${value}"`).join(', ');
      return `must be one of ${choice}, not ${shown(issue.input)}${hint}`;
    }
    case 'too_small':
      return `must be ${bound(issue.origin)}at least ${issue.minimum}, not ${shown(issue.input)}`;
    case 'too_big':
      return `must be ${bound(issue.origin)}at most ${issue.maximum}, not ${shown(issue.input)}`;
    case 'invalid_format':
      return `${issue.message}, not ${shown(issue.input)}`;
    default:
      return issue.message;
  }
}

function bound(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'of length ' : '';
}

function shown(value: unknown): string {
  if (value instanceof Date) return `a date`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a table';
  return printable(JSON.stringify(value) ?? String(value), 60);
}
