import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { listIn } from '../../../lib/files/file-tree.js';
import type { ReaderContext } from '../../transcripts/reader.js';
import {
  type FollowingReader,
  MAX_KNOWN,
  type TranscriptHead,
  type TranscriptSource,
} from '../../transcripts/shared-transcripts.js';
import { isOnTerminal, readRolloutMeta } from './rollout.js';

/** Names of one day that are looked at. */
const MAX_NAMES = 5_000;
/** Days, counted back from the newest, in which a conversation may be taken up again. */
const MAX_DAYS = 14;
/** No first line is longer where it tells nothing. */
const HEAD_BYTES = 8 * 1024;

/** The rollout files below `sessions/YEAR/MONTH/DAY`. */
export class Rollouts implements TranscriptSource {
  private today: { path: string; watch: DirectoryWatch } | null = null;

  constructor(
    private readonly place: Pick<FollowingReader, 'root' | 'tree'>,
    private readonly clock: ReaderContext['clock'],
    private readonly changed: (path?: string) => void,
  ) {}

  close(): void {
    this.today?.watch.close();
    this.today = null;
  }

  /** Their names begin with the time. */
  newest(): string[] {
    this.watchToday();
    const paths: string[] = [];
    for (const day of this.days()) {
      const names = this.list(day, MAX_NAMES).filter(name => /^rollout-[\w-]{1,200}\.jsonl$/.test(name));
      paths.push(
        ...names
          .sort()
          .reverse()
          .map(name => `${day}/${name}`),
      );
      if (paths.length >= MAX_KNOWN) break;
    }
    return paths.slice(0, MAX_KNOWN);
  }

  read(head: string, _path: string, { size }: { size: number }): TranscriptHead | 'later' | 'never' {
    const meta = readRolloutMeta(head);
    // Its first line may not be whole yet.
    if (meta === null) return head.includes('\n') || size >= HEAD_BYTES ? 'never' : 'later';
    if (!isOnTerminal(head)) return 'never';
    return { cwd: meta.cwd, began_ms: meta.started_ms };
  }

  private list(path: string, max: number): string[] {
    return listIn(this.place.tree, `${this.place.root}/${path}`, max);
  }

  /** Today first, whatever else there is; then the newest days. */
  private days(): string[] {
    const days = new Set(this.today === null ? [] : [this.today.path]);
    for (const year of this.newestFirst('', /^\d{4}$/)) {
      for (const month of this.newestFirst(year, /^\d\d$/)) {
        for (const day of this.newestFirst(`${year}/${month}`, /^\d\d$/)) {
          days.add(`${year}/${month}/${day}`);
          if (days.size > MAX_DAYS) return [...days];
        }
      }
    }
    return [...days];
  }

  private newestFirst(path: string, pattern: RegExp): string[] {
    return this.list(path, 200)
      .filter(name => pattern.test(name))
      .sort()
      .reverse();
  }

  /** The directory of a new day appears with its first session. */
  private watchToday(): void {
    const path = dayPath(new Date(this.clock.wallTime(this.clock.now())));
    if (this.today?.path === path) return;
    this.today?.watch.close();
    const { root, tree } = this.place;
    const watch = new DirectoryWatch(
      `${root}/${path}`,
      name => this.changed(`${path}/${name}`),
      () => this.changed(),
      tree,
    );
    this.today = { path, watch };
    watch.start();
  }
}

/** `2026/11/20`, in local time as Codex names them. */
function dayPath(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
}
