import { endOf, type LongChild, startChild } from '../../lib/process/child.js';
import { LineSplitter } from '../../lib/text/lines.js';
import { FIELDS } from './entry.js';
import { OOM_DAEMON_UNITS } from './oom-daemons.js';

export interface Following {
  /** Why it ended, in words. */
  ended: Promise<string>;
  /** What it said on its standard error so far. */
  said(): string;
  stop(): Promise<void>;
}

/** Longer lines are left out whole: journalctl itself cuts fields at 4 KiB. */
const MAX_LINE = 65_536;
const STOP_MS = 2_000;
const MAX_SAID = 2_000;

/**
 * New entries of at least a warning, and what the kernel says at level info: the reason of an out-of-memory kill
 * is among it; and all of the daemons that end processes for want of memory. `+` means "or"; values of the same field
 * are alternatives, different fields must all match.
 */
const MATCHES = [
  ...[0, 1, 2, 3, 4].map(n => `PRIORITY=${n}`),
  ...['+', 'PRIORITY=6', '_TRANSPORT=kernel', '+'],
  ...OOM_DAEMON_UNITS.map(unit => `_SYSTEMD_UNIT=${unit}`),
];

/** Follows the journal with the program at `path`, for as long as we live. A line that is too long comes as null. */
export function follow(
  path: string,
  args: readonly string[],
  onLine: (line: string | null) => void,
): Following {
  const fixed = ['-f', '-n', '0', '-o', 'json', '--no-pager', `--output-fields=${FIELDS.join(',')}`];
  let child: LongChild;
  try {
    child = startChild(path, [...fixed, ...args, ...MATCHES], { LC_ALL: 'C', SYSTEMD_COLORS: '0' });
    child.stdin.end();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    return {
      ended: Promise.resolve(`journalctl cannot be started: ${why}`),
      said: () => '',
      stop: async () => {},
    };
  }
  let said = '';
  const splitter = new LineSplitter(onLine, MAX_LINE);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => splitter.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (said.length < MAX_SAID) said += chunk;
  });
  const ended = endOf(child).then(({ refused, code, signal }) => {
    if (refused !== null) return `journalctl cannot be started: ${refused}`;
    const how = signal ?? `exit code ${code}`;
    const last = said.trim().split('\n').at(-1);
    return `journalctl ended with ${how}${last ? `: ${last}` : ''}`;
  });
  return {
    ended,
    said: () => said,
    stop: async () => {
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(kill);
    },
  };
}
