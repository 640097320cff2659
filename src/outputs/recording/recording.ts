import type { Bus } from '../../bus.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import { RecordingFile } from './recording-file.js';

/** Writes everything that is observed to a file, for `vigil replay`. */
export class Recording implements Module {
  readonly name = 'recording';
  private readonly recording: RecordingFile;
  private problem: string | null = null;
  private readonly endObservations: () => void;

  constructor(file: string, vigil: string, bus: Bus, logger: Pick<Logger, 'error'>) {
    this.recording = new RecordingFile(file, vigil, error => {
      this.problem = `the recording stopped: ${error.message}`;
      logger.error({ err: error, file }, 'cannot write the recording');
    });
    this.endObservations = bus.on(this.name, 'agent.observation', observation =>
      this.recording.write(observation),
    );
  }

  stop(): Promise<void> {
    this.endObservations();
    return this.recording.close();
  }

  health(): ModuleHealth {
    return { problems: this.problem === null ? [] : [this.problem] };
  }
}
