import type { Observation } from '../agents/observation.js';
import { clock } from '../time.js';
import { openReader } from '../words/index.js';
import type { WordsReader } from '../words/reader.js';
import type { Out } from './out.js';
import type { WordsSession } from './protocol.js';

/** Reads what this user's agents write into their files, and passes it on. */
export class HandWords {
  private readonly open = new Map<string, WordsReader>();

  constructor(private readonly out: Out) {}

  sync(sessions: readonly WordsSession[]): void {
    const wanted = new Map(sessions.map(session => [`${session.pid}/${session.start_ticks}`, session]));
    for (const [key, reader] of this.open) {
      if (wanted.has(key)) continue;
      reader.close();
      this.open.delete(key);
    }
    for (const [key, session] of wanted) {
      if (this.open.has(key)) continue;
      const reader = openReader(session.kind, {
        session,
        home: session.home,
        emit: observation => this.pass(observation),
        clock,
        log: (fields, message) => this.out.log('warn', message, fields as Record<string, string>),
      });
      if (reader === null) continue;
      this.open.set(key, reader);
      reader.start();
    }
  }

  close(): void {
    for (const reader of this.open.values()) reader.close();
    this.open.clear();
  }

  private pass(observation: Observation): void {
    const { type } = observation;
    if (type === 'registry') this.out.send({ type, pid: observation.pid, entry: observation.entry });
    else if (type === 'transcript') this.out.send({ type, pid: observation.pid, entry: observation.entry });
  }
}
