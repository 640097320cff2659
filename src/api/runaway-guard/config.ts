import type { Change } from '../../config/change.js';
import { configKeys, findKey, UnknownKeyError, valueAt } from '../../config/keys.js';
import type { Config } from '../../config/schema.js';
import { printable } from '../../lib/text/printable.js';

/** The configuration as clients send and get it: nested tables, with the names of RunawayGuard beside ours. */

interface Alias {
  theirs: string;
  ours: string;
  from(value: unknown): unknown;
  to(value: unknown): unknown;
}

const same = (value: unknown): unknown => value;
const alias = (theirs: string, ours: string): Alias => ({ theirs, ours, from: same, to: same });

/** `popup` is what a client shows itself: then vigil shows none. */
const METHODS = ['system', 'both', 'popup'];

const ALIASES: readonly Alias[] = [
  alias('general.sample_interval_normal', 'sampling.sample_interval_normal_s'),
  alias('general.sample_interval_alert', 'sampling.sample_interval_alert_s'),
  {
    theirs: 'general.notification_method',
    ours: 'notifications.enabled',
    from: value => value !== 'popup',
    to: value => (value === true ? 'both' : 'popup'),
  },
  alias('detection.cpu_high.duration_seconds', 'detection.cpu_high.duration_s'),
  alias('detection.hang.duration_seconds', 'detection.hang.duration_s'),
];

/** All keys, in both languages and under former names. */
export function configReport(config: Config): Record<string, unknown> {
  const report = structuredClone(config) as Record<string, unknown>;
  for (const { theirs, ours, to } of ALIASES)
    put(report, theirs.split('.'), to(valueAt(config, ours.split('.'))));
  for (const { path, formerly } of configKeys())
    for (const former of formerly) put(report, former.split('.'), valueAt(config, path));
  return report;
}

/** A client asks for something that is not there. A line for each. */
export class PartialConfigError extends Error {
  override readonly name = 'PartialConfigError';
}

/**
 * The changes that a partial configuration asks for; what is as it was is no change, so that a client may send
 * back all of what it got. Null takes a key back to its default.
 * @throws PartialConfigError naming every key that is not known
 */
export function changesOf(partial: Readonly<Record<string, unknown>>, config: Config): Change[] {
  const changes = new Map<string, Change>();
  const wrong: string[] = [];
  for (const [name, value] of leaves(partial, '', 0)) {
    try {
      const change = changeOf(name, value);
      const { key } = change;
      if (JSON.stringify(change.value) === JSON.stringify(valueAt(config, key.path))) continue;
      const other = changes.get(key.name);
      if (other !== undefined && other.value !== change.value) wrong.push(`"${key.name}" is given twice`);
      changes.set(key.name, change);
    } catch (error) {
      if (!(error instanceof UnknownKeyError) && !(error instanceof PartialConfigError)) throw error;
      wrong.push(error.message);
    }
  }
  if (wrong.length > 0) throw new PartialConfigError(wrong.join('\n'));
  return [...changes.values()];
}

function changeOf(name: string, value: unknown): Change {
  const known = ALIASES.find(({ theirs }) => theirs === name);
  if (known === undefined) return { key: findKey(name), value: value ?? undefined };
  if (name === 'general.notification_method' && value !== null && !METHODS.includes(value as string)) {
    throw new PartialConfigError(`"${name}" must be one of ${METHODS.map(one => `"${one}"`).join(', ')}`);
  }
  return { key: findKey(known.ours), value: value === null ? undefined : known.from(value) };
}

const names = new Set([...configKeys().map(({ name }) => name), ...ALIASES.map(({ theirs }) => theirs)]);

function leaves(value: unknown, name: string, depth: number): [string, unknown][] {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (names.has(name) || !isTable || depth > 8) return [[name, value]];
  return Object.entries(value).flatMap(([inner, child]) =>
    leaves(child, name === '' ? printable(inner, 100) : `${name}.${printable(inner, 100)}`, depth + 1),
  );
}

function put(table: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) table[name] = value;
  else {
    table[name] ??= {};
    put(table[name] as Record<string, unknown>, rest, value);
  }
}
