import { closeSync } from 'node:fs';
import { openFiles } from '../../agents/transcripts/open-files.js';
import type { AgentFileReader } from '../../agents/transcripts/reader.js';
import { typeNamed } from '../../agents/types/index.js';
import { RootedTree } from '../../lib/files/file-tree.js';
import { Coalescing } from '../../lib/limits/coalescing.js';
import { receiveDescriptors } from '../../lib/os/descriptor-channel.js';
import { processKey } from '../../lib/process/identity.js';
import { clock } from '../../lib/time/time.js';
import type { Observation } from '../../model/observation.js';
import type { Out } from './out.js';
import { type FromHelper, ROOTS_FD, type TranscriptSession } from './protocol.js';

/** Nobody has so many; each costs a watch and some memory. */
const MAX_READERS = 500;

/** Reads what this user's agents write into their files, and passes it on. */
export class TranscriptPasser {
  private readonly open = new Map<string, AgentFileReader>();
  private readonly news = new Coalescing<FromHelper>(message => this.out.send(message));
  /** Root folders of containers that came and are not used yet, by their words. */
  private readonly roots = new Map<string, number>();
  private tooMany = false;

  constructor(private readonly out: Out) {}

  sync(sessions: readonly TranscriptSession[]): void {
    const wanted = new Map(sessions.map(session => [processKey(session), session]));
    for (const [key, reader] of this.open) {
      if (wanted.has(key)) continue;
      reader.close();
      this.open.delete(key);
    }
    for (const [key, session] of wanted) {
      if (this.open.has(key) || this.isFull()) continue;
      const reader = this.readerOf(session);
      if (reader === null) continue;
      this.open.set(key, reader);
      reader.start();
    }
  }

  private readerOf(session: TranscriptSession): AgentFileReader | null {
    const type = typeNamed(session.agent_type);
    const tree = session.root === null ? undefined : this.treeOf(session.root);
    if (type === undefined || tree === null) return null;
    return openFiles(type, {
      session,
      folder: session.folder,
      inside: session.inside,
      ...(tree === undefined ? {} : { tree }),
      emit: observation => this.pass(observation),
      clock,
      log: (fields, message) => this.out.log('warn', message, fields as Record<string, string>),
    });
  }

  private treeOf(word: string): RootedTree | null {
    if (!this.roots.has(word)) for (const [name, fd] of receiveDescriptors(ROOTS_FD)) this.keep(name, fd);
    const fd = this.roots.get(word);
    if (fd === undefined) return null;
    this.roots.delete(word);
    return new RootedTree(fd);
  }

  /** It may be meant for a message that is still to come. */
  private keep(word: string, fd: number): void {
    const before = this.roots.get(word);
    if (before !== undefined) closeSync(before);
    this.roots.set(word, fd);
    const [oldest] = this.roots;
    if (this.roots.size <= MAX_READERS || oldest === undefined) return;
    closeSync(oldest[1]);
    this.roots.delete(oldest[0]);
  }

  close(): void {
    for (const reader of this.open.values()) reader.close();
    this.open.clear();
    this.news.close();
  }

  private isFull(): boolean {
    if (this.open.size < MAX_READERS) return false;
    if (!this.tooMany)
      this.out.log('warn', `more than ${MAX_READERS} agents: the files of the others are not read`);
    this.tooMany = true;
    return true;
  }

  private pass(observation: Observation): void {
    const { type } = observation;
    if (type !== 'registry' && type !== 'transcript') return;
    const { time_ms: _, ...message } = observation;
    const conversation = type === 'transcript' ? observation.conversation?.id : undefined;
    this.news.add(`${type} ${observation.pid} ${conversation ?? ''}`, message as FromHelper);
  }
}
