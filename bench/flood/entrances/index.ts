import type { Entrance } from '../entrance.js';
import { registry, transcripts } from './agent-files.js';
import { forkBomb } from './fork-bomb.js';
import { helperStdio } from './helper-stdio.js';
import { httpAnswers } from './http-answers.js';
import { journal } from './journal.js';
import { kernelStream } from './kernel-stream.js';
import { manyProcesses } from './many-processes.js';
import { hugeArguments, hugeEnvironment } from './process-memory.js';
import { sessionBus } from './session-bus.js';
import { socket } from './socket.js';
import { titles } from './titles.js';

export const ENTRANCES: readonly Entrance[] = [
  kernelStream,
  titles,
  socket,
  journal,
  transcripts,
  registry,
  hugeArguments,
  hugeEnvironment,
  manyProcesses(5_000),
  manyProcesses(20_000),
  forkBomb,
  sessionBus,
  helperStdio,
  httpAnswers,
];
