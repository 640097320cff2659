import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { listIn, statIn } from '../../../lib/files/file-tree.js';
import { timeOf } from '../../transcripts/jsonl.js';
import {
  type FollowingReader,
  MAX_KNOWN,
  type TranscriptHead,
  type TranscriptSource,
} from '../../transcripts/shared-transcripts.js';
import { NAME_CHARS, projectName } from './project-search.js';

const MAX_FOLDERS = 2_000;
/** SharedTranscripts of one project that are looked at. */
const MAX_NAMES = 2_000;
/** Folders that are asked at one look of which project they are; the others have their turn at the next. */
const MAX_ASKED = 20;
const HEAD_BYTES = 16 * 1024;
/** A conversation's file, not the log of a subagent. */
const CONVERSATION = /^(?!agent-)[\w-]{1,200}\.jsonl$/;

/** The transcripts `projects/PROJECT/SESSION.jsonl` of the folders in which agents without a session file are at work. */
export class Projects implements TranscriptSource {
  private readonly watches = new Map<string, DirectoryWatch>();
  private readonly top: DirectoryWatch;
  /** Where the conversations of a folder are held, as one of them says. */
  private readonly cwds = new Map<string, string | null>();
  private wanted: readonly string[] = [];

  constructor(
    private readonly place: Pick<FollowingReader, 'root' | 'tree' | 'session'>,
    private readonly changed: (path?: string) => void,
  ) {
    this.top = this.watchOf('', () => changed());
  }

  close(): void {
    this.top.close();
    for (const watch of this.watches.values()) watch.close();
    this.watches.clear();
  }

  newest(readers: ReadonlySet<FollowingReader>): string[] {
    this.wanted = [...new Set([...readers].map(({ session }) => session.cwd ?? ''))].filter(
      cwd => cwd !== '',
    );
    const folders = this.projectFolders();
    this.watchOnly(folders);
    return folders
      .flatMap(folder => this.conversations(folder).map(name => `${folder}/${name}`))
      .map(path => ({ path, at_ms: statIn(this.place.tree, `${this.place.root}/${path}`)?.mtimeMs ?? 0 }))
      .sort((a, b) => b.at_ms - a.at_ms)
      .slice(0, MAX_KNOWN)
      .map(({ path }) => path);
  }

  read(
    head: string,
    path: string,
    { birthtimeMs, size }: { birthtimeMs: number; size: number },
  ): TranscriptHead | 'later' | 'never' {
    const end = head.indexOf('\n');
    if (end < 0 && size < HEAD_BYTES) return 'later';
    if (/"isSidechain"\s{0,3}:\s{0,3}true/.test(end < 0 ? head : head.slice(0, end))) return 'never';
    // `claude -p`: nobody is asked anything in it.
    if (/"entrypoint"\s{0,3}:\s{0,3}"sdk-cli"/.test(head)) return 'never';
    const folder = path.slice(0, path.indexOf('/'));
    const said = cwdOf(head);
    const cwd = said === null ? this.wanted.find(one => isNameOf(folder, one)) : this.asWanted(said);
    const began_ms = timeOf(/"timestamp"\s{0,3}:\s{0,3}"([^"]{1,40})"/.exec(head)?.[1]) ?? birthtimeMs;
    return cwd === undefined ? 'never' : { cwd, began_ms };
  }

  private projectFolders(): string[] {
    let asked = 0;
    const { root, tree } = this.place;
    return listIn(tree, root, MAX_FOLDERS).filter(folder => {
      if (this.wanted.some(cwd => isNameOf(folder, cwd))) return true;
      if (!this.cwds.has(folder) && asked++ < MAX_ASKED) this.ask(folder);
      const cwd = this.cwds.get(folder);
      return typeof cwd === 'string' && this.wanted.includes(this.asWanted(cwd));
    });
  }

  /** The name does not tell: it may be encoded in another way. */
  private ask(folder: string): void {
    const [name] = this.conversations(folder);
    if (name === undefined) return;
    const { root, tree, session } = this.place;
    const path = `${root}/${folder}/${name}`;
    const head = tree.read(path, { uid: session.uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (head.ok) this.cwds.set(folder, cwdOf(head.text));
  }

  private conversations(folder: string): string[] {
    const names = listIn(this.place.tree, `${this.place.root}/${folder}`, MAX_NAMES);
    return names.filter(name => CONVERSATION.test(name));
  }

  /** The path by which the kernel knows that folder: the agent may have been told another, through a link. */
  private asWanted(cwd: string): string {
    if (this.wanted.includes(cwd)) return cwd;
    const { tree } = this.place;
    const there = statIn(tree, cwd);
    if (there === null) return cwd;
    const isSame = (one: string) => {
      const stat = statIn(tree, one);
      return stat?.ino === there.ino && stat.dev === there.dev;
    };
    return this.wanted.find(isSame) ?? cwd;
  }

  private watchOnly(folders: readonly string[]): void {
    for (const [folder, watch] of this.watches) {
      if (folders.includes(folder)) continue;
      watch.close();
      this.watches.delete(folder);
    }
    for (const folder of folders)
      if (!this.watches.has(folder))
        this.watches.set(
          folder,
          this.watchOf(folder, name => this.changed(`${folder}/${name}`)),
        );
  }

  private watchOf(folder: string, changed: (name: string) => void): DirectoryWatch {
    const { root, tree } = this.place;
    const watch = new DirectoryWatch(`${root}/${folder}`, changed, () => this.changed(), tree);
    watch.start();
    return watch;
  }
}

function isNameOf(folder: string, cwd: string): boolean {
  const name = projectName(cwd);
  return folder === name || (name.length > NAME_CHARS && folder.startsWith(name.slice(0, NAME_CHARS)));
}

function cwdOf(head: string): string | null {
  const quoted = /"cwd"\s{0,3}:\s{0,3}("(?:[^"\\]|\\.){1,8192}")/.exec(head)?.[1];
  if (quoted === undefined) return null;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}
