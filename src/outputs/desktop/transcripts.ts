import type { AgentFileReader } from '../../agents/transcripts/reader.js';
import { typeNamed } from '../../agents/types/index.js';
import { Coalescing } from '../../lib/limits/coalescing.js';
import { processKey } from '../../lib/process/identity.js';
import { clock } from '../../lib/time/time.js';
import type { Observation } from '../../model/observation.js';
import type { Out } from './out.js';
import type { FromHelper, TranscriptSession } from './protocol.js';

/** Nobody has so many; each costs a watch and some memory. */
const MAX_READERS = 500;

/** Reads what this user's agents write into their files, and passes it on. */
export class TranscriptPasser {
  private readonly open = new Map<string, AgentFileReader>();
  private readonly news = new Coalescing<FromHelper>(message => this.out.send(message));
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
      const reader = typeNamed(session.agent_type)?.files?.open({
        session,
        folder: session.folder,
        emit: observation => this.pass(observation),
        clock,
        log: (fields, message) => this.out.log('warn', message, fields as Record<string, string>),
      });
      if (reader === undefined) continue;
      this.open.set(key, reader);
      reader.start();
    }
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
    const { pid, entry } = observation;
    this.news.add(`${type} ${pid}`, { type, pid, entry } as FromHelper);
  }
}
