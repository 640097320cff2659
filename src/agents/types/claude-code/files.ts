import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { type FileTree, OWN_TREE, statIn } from '../../../lib/files/file-tree.js';
import type { RegistryEntry } from '../../../model/observation.js';
import { ConversationFolder } from '../../transcripts/conversation-folder.js';
import {
  type Conversations,
  conversationsOf,
  type FollowingReader,
  serve,
} from '../../transcripts/conversations.js';
import { FollowedTranscript } from '../../transcripts/followed-transcript.js';
import { type AgentFileReader, type ReaderContext, throttled } from '../../transcripts/reader.js';
import { ProjectSearch, projectName } from './project-search.js';
import { Projects } from './projects.js';
import { parseClaudeRegistry } from './registry.js';
import { readClaudeTranscript } from './transcript.js';

/** The real file has a few hundred bytes. */
const MAX_REGISTRY_BYTES = 64 * 1024;
/** It is written some times a second; read more often than this it would only cost. */
const REGISTRY_INTERVAL_MS = 40;
/** What no session file holds after this long is no write that was caught half done. */
const WRITTEN_WITHIN_MS = 1_000;
/** Who has no session file after this long writes none: an old version, a full disk, a home that may not be written. */
const REGISTERED_WITHIN_MS = 1_500;
/** A transcript that went away is looked for elsewhere. */
const CHECK_MS = 5_000;

/** `~/.claude/sessions/<pid>.json` and the transcript that it names, wherever that lies; without it, that which fits. */
export class ClaudeFiles implements AgentFileReader, FollowingReader {
  /** The transcript. */
  file: string | null = null;
  private readonly tree: FileTree;
  private readonly registry: DirectoryWatch;
  private readonly registryFile: string;
  private refused: string | null = null;
  private had = false;
  private readonly transcript: FollowedTranscript;
  private readonly search: ProjectSearch;
  /** The session that its file names. */
  private session_id: string | null = null;
  /** Settles which transcript is whose; only while there is no session file. */
  private conversations: Conversations | null = null;
  /** What could not be understood when it was last read. */
  private suspected: string | null = null;
  private again: NodeJS.Timeout | undefined;
  private unregistered: NodeJS.Timeout | undefined;
  private readonly checks: NodeJS.Timeout[] = [];
  private readonly readRegistrySoon = throttled(REGISTRY_INTERVAL_MS, () => this.readRegistry());

  constructor(readonly context: ReaderContext) {
    this.tree = context.tree ?? OWN_TREE;
    const directory = `${context.folder}/sessions`;
    const name = `${this.pidInside}.json`;
    this.registryFile = `${directory}/${name}`;
    this.transcript = new FollowedTranscript(context, readClaudeTranscript, why => this.refuse(why));
    this.search = new ProjectSearch(`${context.folder}/projects`, this.tree, path => {
      serve(this, statIn(this.tree, path));
      this.follow(path);
    });
    this.registry = new DirectoryWatch(
      directory,
      changed => {
        if (changed === name) this.readRegistrySoon();
      },
      () => this.readRegistrySoon(),
      this.tree,
    );
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  start(): void {
    this.registry.start();
    this.readRegistrySoon();
    this.expectRegistry();
    this.checks.push(setInterval(() => this.checkTranscript(), CHECK_MS).unref());
  }

  close(): void {
    clearTimeout(this.again);
    clearTimeout(this.unregistered);
    for (const check of this.checks) clearInterval(check);
    this.registry.close();
    this.readRegistrySoon.cancel();
    this.search.stop();
    this.conversations?.remove(this);
    serve(this, null);
    this.transcript.close();
  }

  /** From now on this file tells of the session; null: none does. */
  follow(path: string | null): void {
    this.file = path;
    this.transcript.follow(...(path === null ? [] : [path]));
  }

  get pidInside(): number {
    return this.context.inside?.pid ?? this.context.session.pid;
  }

  private readRegistry(): void {
    const { session } = this.context;
    const result = this.tree.read(this.registryFile, { uid: session.uid, max_bytes: MAX_REGISTRY_BYTES });
    if (!result.ok) {
      this.suspected = null;
      if (result.why !== 'not there') this.refuse(result.why);
      this.isGone();
      return;
    }
    const entry = parseClaudeRegistry(result.text, this.pidInside);
    if (entry === null) {
      // Caught in the middle of a write, or garbage: the last good one stays.
      if (result.text !== '') this.suspect(result.text);
      return;
    }
    this.had = true;
    this.refused = null;
    this.suspected = null;
    this.entered({ ...entry, start_ticks: this.startOutside(entry.start_ticks) });
  }

  private entered(entry: RegistryEntry): void {
    const { session, emit, clock } = this.context;
    emit({ type: 'registry', time_ms: clock.now(), pid: session.pid, entry });
    // Of an earlier process with this pid: its conversation is another's.
    const isForeign = entry.start_ticks !== null && entry.start_ticks !== session.start_ticks;
    if (isForeign || entry.session_id === null || !/^[\w-]+$/.test(entry.session_id)) {
      this.expectRegistry();
      return;
    }
    clearTimeout(this.unregistered);
    this.unregistered = undefined;
    this.conversations?.remove(this);
    this.conversations = null;
    if (entry.session_id === this.session_id) return;
    this.session_id = entry.session_id;
    this.lookFor(entry.session_id, entry.cwd);
  }

  /** A time namespace of its own shifts what it reads of itself, to the tick. */
  private startOutside(ticks: number | null): number | null {
    const offset = this.context.inside?.ticks_offset ?? 0;
    if (ticks === null || offset === 0) return ticks;
    const { start_ticks } = this.context.session;
    return Math.abs(ticks - offset - start_ticks) <= 1 ? start_ticks : ticks;
  }

  private isGone(): void {
    const { session, emit, clock } = this.context;
    if (this.had) emit({ type: 'registry', time_ms: clock.now(), pid: session.pid, entry: null });
    this.had = false;
    this.session_id = null;
    this.expectRegistry();
  }

  private suspect(text: string): void {
    if (this.suspected === text) return; // it is looked at again already
    this.suspected = text;
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      this.readRegistry();
      if (this.suspected !== text) return;
      this.refuse('its content is not a session file');
      this.expectRegistry();
    }, WRITTEN_WITHIN_MS);
  }

  private lookFor(session_id: string, cwd: string | null): void {
    const cwds = new Set([cwd, this.context.session.cwd].filter(one => one !== null));
    this.search.look(`${session_id}.jsonl`, [...cwds].map(projectName));
  }

  private checkTranscript(): void {
    if (this.file === null || this.session_id === null) return;
    if (statIn(this.tree, this.file) === null) this.lookFor(this.session_id, null);
  }

  /** It has no session file now; when it has none for longer, its transcript is the one that fits. */
  private expectRegistry(): void {
    if (this.conversations !== null) return;
    this.unregistered ??= setTimeout(() => {
      this.search.stop();
      this.conversations = conversationsOf(
        this,
        'projects',
        (place, changed) => new ConversationFolder(place, new Projects(place), changed),
      );
      this.conversations.add(this);
    }, REGISTERED_WITHIN_MS);
  }

  private refuse(why: string): void {
    // A file that grows is refused for another number each time: that is no news.
    const kind = why.replace(/\d+/g, '#');
    if (this.refused === kind) return;
    this.refused = kind;
    this.context.log({ pid: this.context.session.pid, file: this.registryFile, why }, 'session file ignored');
  }
}
