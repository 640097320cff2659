import { type FileTree, listIn, OWN_TREE } from '../../../lib/files/file-tree.js';
import {
  type Candidates,
  type ConversationHead,
  type ConversationLayout,
  candidates,
} from '../../transcripts/conversation-folder.js';
import type { ReaderContext } from '../../transcripts/reader.js';
import { isOnTerminal, modeOf, readRolloutMeta } from './rollout.js';

/** Names of one day that are looked at. */
const MAX_NAMES = 5_000;
/** Conversations that are looked at, the newest. */
const MAX_FILES = 200;
/** Days, counted back from the newest, in which a conversation may be taken up again. */
const MAX_DAYS = 14;
/** No first line is longer where it tells nothing. */
const HEAD_BYTES = 8 * 1024;

/**
 * The rollout files below `sessions/YEAR/MONTH/DAY`: of a session, the one with which its conversation began, then that of
 * each `/new` and `resume`.
 */
export class Rollouts implements ConversationLayout {
  private readonly root: string;
  private readonly tree: FileTree;
  private readonly clock: ReaderContext['clock'];

  constructor({ folder, tree = OWN_TREE, clock }: ReaderContext) {
    this.root = `${folder}/sessions`;
    this.tree = tree;
    this.clock = clock;
  }

  /** Their names begin with the time. The folder of a new day appears with its first session. */
  find(): Candidates {
    const today = dayPath(new Date(this.clock.wallTime(this.clock.now())));
    const paths: string[] = [];
    for (const day of this.days(today)) {
      const names = this.list(day, MAX_NAMES).filter(name => /^rollout-[\w-]{1,200}\.jsonl$/.test(name));
      paths.push(...names.reverse().map(name => `${this.root}/${day}/${name}`));
      if (paths.length >= MAX_FILES) break;
    }
    return { files: candidates(this.tree, paths.slice(0, MAX_FILES)), folders: [`${this.root}/${today}`] };
  }

  readHead(head: string, _path: string, { size }: { size: number }): ConversationHead | 'later' | 'never' {
    const meta = readRolloutMeta(head);
    // Its first line may not be whole yet.
    if (meta === null) return head.includes('\n') || size >= HEAD_BYTES ? 'never' : 'later';
    if (!isOnTerminal(head)) return 'never';
    const mode = modeOf(head);
    return {
      cwd: meta.cwd,
      began_ms: meta.started_ms,
      pid: null,
      id: meta.session_id,
      ...(mode && { mode }),
    };
  }

  /** By name. */
  private list(path: string, max: number): string[] {
    return listIn(this.tree, `${this.root}/${path}`, max);
  }

  /** Today first, whatever else there is; then the newest days. */
  private days(today: string): string[] {
    const days = new Set([today]);
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
      .reverse();
  }
}

/** `2026/11/20`, in local time as Codex names them. */
function dayPath(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
}
