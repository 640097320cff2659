import { type FileTree, listIn, OWN_TREE, statIn } from '../../../lib/files/file-tree.js';
import type { ConversationReader } from '../../transcripts/assign.js';
import {
  type Candidates,
  type ConversationHead,
  type ConversationLayout,
  HEAD_BYTES,
  newestOf,
} from '../../transcripts/conversation-folder.js';
import { timeOf } from '../../transcripts/jsonl.js';
import type { ReaderContext } from '../../transcripts/reader.js';
import { NAME_CHARS, projectName } from './project-search.js';

const MAX_FOLDERS = 2_000;
/** Conversations of one project that are looked at. */
const MAX_NAMES = 2_000;
/** Conversations that are looked at, the newest. */
const MAX_FILES = 200;
/** Folders that are asked at one look of which project they are; the others have their turn at the next. */
const MAX_ASKED = 20;
/** A conversation's file, not the log of a subagent. */
const CONVERSATION = /^(?!agent-)[\w-]{1,200}\.jsonl$/;

/** The transcripts `projects/PROJECT/SESSION.jsonl` of the folders in which agents without a session file are at work. */
export class Projects implements ConversationLayout {
  private readonly root: string;
  private readonly tree: FileTree;
  /** Where the conversations of a folder are held, as one of them says. */
  private readonly cwds = new Map<string, string | null>();
  private wanted: readonly string[] = [];

  constructor(private readonly context: ReaderContext) {
    this.root = `${context.folder}/projects`;
    this.tree = context.tree ?? OWN_TREE;
  }

  find(readers: ReadonlySet<ConversationReader>): Candidates {
    this.wanted = [...new Set([...readers].map(({ session }) => session.cwd ?? ''))].filter(
      cwd => cwd !== '',
    );
    const projects = this.projectFolders();
    const paths = projects.flatMap(project => this.conversations(project));
    const folders = [this.root, ...projects.map(project => `${this.root}/${project}`)];
    return { files: newestOf(this.tree, paths, MAX_FILES), folders };
  }

  readHead(head: string, path: string, { size }: { size: number }): ConversationHead | 'later' | 'never' {
    const end = head.indexOf('\n');
    if (end < 0 && size < HEAD_BYTES) return 'later';
    if (/"isSidechain"\s{0,3}:\s{0,3}true/.test(end < 0 ? head : head.slice(0, end))) return 'never';
    // `claude -p`: nobody is asked anything in it.
    if (/"entrypoint"\s{0,3}:\s{0,3}"sdk-cli"/.test(head)) return 'never';
    const project = path.split('/').at(-2) ?? '';
    const said = cwdOf(head);
    const cwd = said === null ? this.wanted.find(one => isNameOf(project, one)) : this.asWanted(said);
    const began_ms = timeOf(/"timestamp"\s{0,3}:\s{0,3}"([^"]{1,40})"/.exec(head)?.[1]);
    return cwd === undefined ? 'never' : { cwd, began_ms, pid: null };
  }

  private projectFolders(): string[] {
    let asked = 0;
    return listIn(this.tree, this.root, MAX_FOLDERS).filter(folder => {
      if (this.wanted.some(cwd => isNameOf(folder, cwd))) return true;
      if (!this.cwds.has(folder) && asked++ < MAX_ASKED) this.ask(folder);
      const cwd = this.cwds.get(folder);
      return typeof cwd === 'string' && this.wanted.includes(this.asWanted(cwd));
    });
  }

  /** The name does not tell: it may be encoded in another way. */
  private ask(folder: string): void {
    const [path] = this.conversations(folder);
    if (path === undefined) return;
    const { uid } = this.context.session;
    const head = this.tree.read(path, { uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (head.ok) this.cwds.set(folder, cwdOf(head.text));
  }

  private conversations(folder: string): string[] {
    const names = listIn(this.tree, `${this.root}/${folder}`, MAX_NAMES);
    return names.filter(name => CONVERSATION.test(name)).map(name => `${this.root}/${folder}/${name}`);
  }

  /** The path by which the kernel knows that folder: the agent may have been told another, through a link. */
  private asWanted(cwd: string): string {
    if (this.wanted.includes(cwd)) return cwd;
    const there = statIn(this.tree, cwd);
    if (there === null) return cwd;
    const isSame = (one: string) => {
      const stat = statIn(this.tree, one);
      return stat?.ino === there.ino && stat.dev === there.dev;
    };
    return this.wanted.find(isSame) ?? cwd;
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
