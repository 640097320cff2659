import { Lineage, type Listing, type Origin } from '../../lib/process/lineage.js';
import type { TableRow } from '../../sources/procfs/table.js';
import type { Usage } from './event.js';

export interface TargetOptions {
  /** Part of the name. Null: any. */
  comm: string | null;
  pid: number | null;
  /** Add up what each target started, also what left it meanwhile. */
  children: boolean;
  /** Never a target by its name: vigil itself. */
  own_pid: number;
}

/** A process that is followed, until it ends. */
class Target implements Origin {
  readonly ending = null;
  readonly members: ReadonlyMap<number, null>;
  constructor(public row: TableRow) {
    this.members = new Map([[row.pid, null]]);
  }
}

export interface Found {
  usages: Usage[];
  /** Targets that were there before. */
  ended: TableRow[];
}

/** Which processes are meant, and what they use together with their descendants. */
export class Targets {
  private targets: Target[] = [];
  /** All processes that the figures came from. */
  pids: number[] = [];
  private readonly lineage = new Lineage<Target>();

  constructor(private readonly options: TargetOptions) {}

  /** `rows`: all processes; `get` finds one of them. */
  follow(rows: readonly TableRow[], get: (pid: number) => TableRow | undefined): Found {
    const ended: TableRow[] = [];
    const before = this.targets;
    this.targets = [];
    for (const target of before) {
      const row = get(target.row.pid);
      if (row !== undefined && row.start_ticks === target.row.start_ticks && this.isMeant(row)) {
        target.row = row;
        this.targets.push(target);
      } else ended.push(target.row);
    }
    const listing: Listing = { rows, get };
    if (this.options.children) this.lineage.see(listing, this.targets);
    for (const row of rows) this.take(row, get);
    if (this.options.children) this.lineage.see(listing, this.targets);
    return { usages: this.usages(rows), ended };
  }

  private isMeant(row: TableRow): boolean {
    const { comm, pid, own_pid } = this.options;
    if (row.state === 'Z' || row.state === 'X') return false;
    if (pid !== null) return row.pid === pid && (comm === null || row.comm.includes(comm));
    return comm !== null && row.pid !== own_pid && row.comm.includes(comm);
  }

  private take(row: TableRow, get: (pid: number) => TableRow | undefined): void {
    if (!this.isMeant(row) || this.targets.some(target => target.row.pid === row.pid)) return;
    if (this.options.children && this.isBelowAnother(row, get)) return;
    this.targets.push(new Target(row));
  }

  /** What stands below a target is counted with that one. */
  private isBelowAnother(row: TableRow, get: (pid: number) => TableRow | undefined): boolean {
    if (this.lineage.of(row.pid) !== undefined) return true;
    const passed = new Set<number>();
    for (let at = get(row.ppid); at !== undefined && !passed.has(at.pid); at = get(at.ppid)) {
      if (this.isMeant(at)) return true;
      passed.add(at.pid);
    }
    return false;
  }

  private usages(rows: readonly TableRow[]): Usage[] {
    const found = new Map(this.targets.map(target => [target, start(target.row)]));
    this.pids = this.targets.map(target => target.row.pid);
    if (this.options.children) {
      for (const row of rows) {
        const target = this.lineage.of(row.pid);
        const usage = target === undefined ? undefined : found.get(target);
        if (usage === undefined || row.pid === usage.pid) continue;
        add(usage, row);
        this.pids.push(row.pid);
      }
    }
    return [...found.values()];
  }
}

function start(row: TableRow): Usage {
  const { pid, comm, cpu_percent, rss_bytes, vsize_bytes, threads } = row;
  return { pid, comm, cpu_percent: cpu_percent ?? 0, rss_bytes, vsize_bytes, threads, children: 0 };
}

function add(usage: Usage, row: TableRow): void {
  usage.cpu_percent += row.cpu_percent ?? 0;
  usage.rss_bytes += row.rss_bytes;
  usage.vsize_bytes += row.vsize_bytes;
  usage.threads += row.threads;
  usage.children++;
}
