import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { safeRead } from '../../../lib/files/safe-read.js';
import { type AgentFileReader, type ReaderContext, throttled } from '../../transcripts/reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from '../../transcripts/transcript-tail.js';
import { parseClaudeRegistry } from './registry.js';
import { readClaudeTranscript } from './transcript.js';

/** The real file has a few hundred bytes. */
const MAX_REGISTRY_BYTES = 64 * 1024;
/** It is written some times a second; read more often than this it would only cost. */
const REGISTRY_INTERVAL_MS = 40;
/** What no session file holds after this long is no write that was caught half done. */
const WRITTEN_WITHIN_MS = 1_000;

/** Claude Code names a project's directory after its path, everything but letters and digits turned to `-`. */
export function claudeProjectDirectory(home: string, cwd: string): string {
  return `${home}/projects/${cwd.replace(/[^a-zA-Z0-9]/g, '-')}`;
}

/** `~/.claude/sessions/<pid>.json` and the transcript that it names. */
export class ClaudeFiles implements AgentFileReader {
  private readonly registry: DirectoryWatch;
  private readonly file: string;
  private transcripts: DirectoryWatch | null = null;
  private transcript: string | null = null;
  private refused: string | null = null;
  private had = false;
  private readonly tail: TranscriptTail;
  /** What could not be understood when it was last read. */
  private suspected: string | null = null;
  private again: NodeJS.Timeout | undefined;
  private readonly readRegistrySoon = throttled(REGISTRY_INTERVAL_MS, () => this.readRegistry());
  private readonly readTranscriptSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.readTranscript());

  constructor(private readonly context: ReaderContext) {
    const directory = `${context.folder}/sessions`;
    const name = `${context.session.pid}.json`;
    this.file = `${directory}/${name}`;
    this.tail = new TranscriptTail(context.session.uid, readClaudeTranscript, why => this.refuse(why));
    this.registry = new DirectoryWatch(
      directory,
      changed => {
        if (changed === name) this.readRegistrySoon();
      },
      () => this.readRegistrySoon(),
    );
  }

  start(): void {
    this.registry.start();
    this.readRegistrySoon();
  }

  close(): void {
    clearTimeout(this.again);
    this.registry.close();
    this.transcripts?.close();
    this.readRegistrySoon.cancel();
    this.readTranscriptSoon.cancel();
  }

  private readRegistry(): void {
    const { session, emit, clock } = this.context;
    const result = safeRead(this.file, { uid: session.uid, max_bytes: MAX_REGISTRY_BYTES });
    if (!result.ok) {
      this.suspected = null;
      if (result.why === 'not there') {
        if (this.had) emit({ type: 'registry', time_ms: clock.now(), pid: session.pid, entry: null });
        this.had = false;
      } else this.refuse(result.why);
      return;
    }
    const entry = parseClaudeRegistry(result.text, session.pid);
    if (entry === null) {
      // Caught in the middle of a write, or garbage: the last good one stays.
      if (result.text !== '') this.suspect(result.text);
      return;
    }
    this.had = true;
    this.refused = null;
    this.suspected = null;
    emit({ type: 'registry', time_ms: clock.now(), pid: session.pid, entry });
    // Of an earlier process with this pid: its conversation is another's.
    if (entry.start_ticks !== null && entry.start_ticks !== session.start_ticks) return;
    const cwd = entry.cwd ?? session.cwd;
    if (entry.session_id !== null && cwd !== null && /^[\w-]+$/.test(entry.session_id)) {
      this.follow(claudeProjectDirectory(this.context.folder, cwd), `${entry.session_id}.jsonl`);
    }
  }

  private suspect(text: string): void {
    if (this.suspected === text) return; // it is looked at again already
    this.suspected = text;
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      this.readRegistry();
      if (this.suspected === text) this.refuse('its content is not a session file');
    }, WRITTEN_WITHIN_MS);
  }

  private follow(directory: string, name: string): void {
    const path = `${directory}/${name}`;
    if (path === this.transcript) return;
    this.transcripts?.close();
    this.transcript = path;
    this.transcripts = new DirectoryWatch(
      directory,
      changed => {
        if (changed === name) this.readTranscriptSoon();
      },
      () => this.readTranscriptSoon(),
    );
    this.transcripts.start();
    this.readTranscriptSoon();
  }

  private readTranscript(): void {
    const { session, emit, clock } = this.context;
    if (this.transcript === null) return;
    const entry = this.tail.read(this.transcript);
    if (entry !== null) emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }

  private refuse(why: string): void {
    // A file that grows is refused for another number each time: that is no news.
    const kind = why.replace(/\d+/g, '#');
    if (this.refused === kind) return;
    this.refused = kind;
    this.context.log({ pid: this.context.session.pid, file: this.file, why }, 'session file ignored');
  }
}
