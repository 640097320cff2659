import { closeSync, openSync, writeFileSync } from 'node:fs';
import { printable } from '../../lib/text/printable.js';
import { CANNOT, defineCommand, OK, PROBLEM, UsageError } from '../command.js';

const MIN_INTERVAL_S = 0.1;
const MAX_INTERVAL_S = 86_400;

export const system = defineCommand({
  usage: 'system',
  describe: 'Print CPU and memory of processes, one JSON object a line at each sample',
  details: [
    'Each line has source ("system"), pid, comm, timestamp (ns since the epoch) and data: type ("system_metrics"), pid, comm, cpu.percent (of one core, a string), cpu.cores, memory.rss_kb, rss_mb, vsz_kb and vsz_mb, process.threads and children, and alert. Neither a daemon nor root is needed.',
    'The figures of a process include those of all that it started, and of theirs; those that leave it while it is watched stay included. A process below another one that is shown has no line of its own then.',
    'Without --comm and --pid there is one line for the whole machine: pid 0, comm "system", memory in use as rss, promised memory as vsz, all processes as children.',
    'A first reading precedes the first line by half a second, so that every line says what happened before it. With --comm it waits for processes to come. With --pid it ends when the process does: with 0, or with 1 when that was before --count samples or at once.',
  ],
  options: {
    comm: {
      type: 'string',
      alias: 'c',
      requiresArg: true,
      describe: 'Processes with this in their name, upper and lower case told apart',
    },
    pid: { type: 'string', alias: 'p', requiresArg: true, describe: 'The process with this id' },
    interval: {
      type: 'string',
      alias: 'i',
      default: '2',
      requiresArg: true,
      describe: 'Seconds between samples',
    },
    children: {
      type: 'boolean',
      default: true,
      describe: 'Add what each process has started (--no-children leaves it out)',
    },
    'cpu-threshold': {
      type: 'string',
      requiresArg: true,
      describe: 'Percent of one core; alert is true above it',
    },
    'memory-threshold': {
      type: 'string',
      requiresArg: true,
      describe: 'MB of resident memory; alert is true above it',
    },
    output: {
      type: 'string',
      requiresArg: true,
      describe: 'Append to this file instead of printing; a new one only you can read',
    },
    count: { type: 'string', requiresArg: true, describe: 'How many samples (default: until interrupted)' },
  },
  async run(args, io) {
    const options = {
      comm: nameOf(args.comm),
      pid: wholeNumber('--pid', args.pid),
      children: args.children,
      interval_ms: intervalOf(args.interval) * 1000,
      count: wholeNumber('--count', args.count),
      thresholds: {
        cpu_percent: decimal('--cpu-threshold', args['cpu-threshold']),
        memory_mb: decimal('--memory-threshold', args['memory-threshold']),
      },
    };
    const file = args.output === undefined ? null : openOutput(args.output);
    const stop = new AbortController();
    const interrupt = () => stop.abort();
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    let failure: string | null = null;
    const line = (text: string): void => {
      try {
        if (file === null) io.out(`${text}\n`);
        else if (failure === null) writeFileSync(file, `${text}\n`);
      } catch (error) {
        failure = (error as NodeJS.ErrnoException).code ?? String(error);
        stop.abort();
      }
    };
    if (file === null) io.endWithReader();
    const listener = {
      now: io.now,
      line,
      ended: ({ pid, comm }: { pid: number; comm: string }) =>
        io.err(`vigil: process ${pid} (${printable(comm, 64)}) has ended\n`),
      waiting: () =>
        io.err(`vigil: no process has "${printable(options.comm ?? '', 64)}" in its name: waiting\n`),
    };
    try {
      const { watchSystem } = await import('../../standalone/system/watch.js');
      const { lines, gone } = await watchSystem(options, listener, stop.signal);
      if (failure !== null) {
        io.err(`vigil: cannot write ${printable(args.output ?? '')}: ${failure}\n`);
        return CANNOT;
      }
      if (gone && lines === 0) io.err(`vigil: ${missing(options)}\n`);
      return lines === 0 && !stop.signal.aborted ? PROBLEM : gone && options.count !== null ? PROBLEM : OK;
    } finally {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      if (file !== null) closeSync(file);
    }
  },
});

function missing({ pid, comm }: { pid: number | null; comm: string | null }): string {
  const named = comm === null ? '' : ` with "${printable(comm, 64)}" in its name`;
  return `there is no process ${pid}${named}`;
}

function openOutput(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw new Error(`cannot write ${printable(path)}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function nameOf(comm: string | undefined): string | null {
  if (comm === '') throw new UsageError('--comm takes a part of a name, not ""');
  return comm ?? null;
}

function wholeNumber(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`${option} takes a number above 0, not "${printable(text, 40)}"`);
  return Number(text);
}

function decimal(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text))
    throw new UsageError(`${option} takes a number, not "${printable(text, 40)}"`);
  return Number(text);
}

function intervalOf(text: string): number {
  const seconds = decimal('--interval', text) ?? 0;
  if (seconds < MIN_INTERVAL_S || seconds > MAX_INTERVAL_S)
    throw new UsageError(`--interval takes ${MIN_INTERVAL_S} to ${MAX_INTERVAL_S} seconds, not ${seconds}`);
  return seconds;
}
