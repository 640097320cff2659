import { createWriteStream, type WriteStream } from 'node:fs';
import type { Observation } from '../../model/observation.js';

/** First line of a recording. */
export interface RecordingHeader {
  type: 'header';
  version: 1;
  vigil: string;
  started: string;
}

/** Writes observations to a file, one JSON object a line, after a header. */
export class RecordingFile {
  private readonly stream: WriteStream;

  constructor(path: string, vigil: string, onError: (error: Error) => void) {
    this.stream = createWriteStream(path, { flags: 'w', mode: 0o600 });
    this.stream.on('error', onError);
    const header: RecordingHeader = { type: 'header', version: 1, vigil, started: new Date().toISOString() };
    this.stream.write(`${JSON.stringify(header)}\n`);
  }

  write(observation: Observation): void {
    if (!this.stream.destroyed) this.stream.write(`${JSON.stringify(observation)}\n`);
  }

  close(): Promise<void> {
    return new Promise(resolve => this.stream.end(resolve));
  }
}
