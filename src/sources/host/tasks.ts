import { z } from 'zod';
import { count, type FieldTypes } from '../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from './collector.js';
import { perSecond } from './rate.js';
import { readText, tryReadNumber } from './read.js';

/** Tasks are processes and their threads. */
const tasks = z.strictObject({
  running: count.describe('they run or want to'),
  total: count,
  limit: z
    .number()
    .nullable()
    .describe('more the kernel does not make: the smaller one of kernel.pid_max and kernel.threads-max'),
  forks_per_s: z.number().nullable(),
});

const fields = { tasks: tasks.nullable() };
type TasksSlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends TasksSlice {}
}

/** `0.15 0.18 0.40 4/129 32188`: tasks that run or want to, and all there are; proc_loadavg(5). Null: it is not that. */
export function parseTasks(loadavg: string): { running: number; total: number } | null {
  const [, running, total] = /^(?:\S+ ){3}(\d+)\/(\d+) /.exec(loadavg) ?? [];
  return total === undefined ? null : { running: Number(running), total: Number(total) };
}

/** The line `processes N` of /proc/stat: tasks made since boot, threads included; proc_stat(5). */
export function parseForks(stat: string): number | null {
  const forks = /^processes (\d+)$/m.exec(stat)?.[1];
  return forks === undefined ? null : Number(forks);
}

/** How many tasks there are, how many there can be, and how fast they are made. */
export class TaskCollector implements Collector<TasksSlice> {
  private forks: number | undefined;
  private asked_ms = 0;

  collect({ roots, now_ms }: Context): Part<TasksSlice> | null {
    const tasks = parseTasks(readText(`${roots.proc}/loadavg`));
    if (tasks === null) return null;
    const { forks, asked_ms } = this;
    this.forks = parseForks(readText(`${roots.proc}/stat`)) ?? undefined;
    this.asked_ms = now_ms;
    const limits = ['pid_max', 'threads-max']
      .map(name => tryReadNumber(`${roots.proc}/sys/kernel/${name}`))
      .filter(limit => limit !== null);
    return {
      tasks: {
        ...tasks,
        limit: limits.length === 0 ? null : Math.min(...limits),
        forks_per_s: this.forks === undefined ? null : perSecond(forks, this.forks, now_ms - asked_ms),
      },
    };
  }
}

export const tasksCollector = defineCollector({
  id: 'tasks',
  describe: 'How many tasks there are, how many there can be, and how fast they are made.',
  fields,
  empty: { tasks: null },
  create: () => new TaskCollector(),
});
