import { describe, expect, it, vi } from 'vitest';
import { transcripts } from '../../bench/flood/entrances/agent-files.js';
import { helperStdio } from '../../bench/flood/entrances/helper-stdio.js';
import { kernelStream } from '../../bench/flood/entrances/kernel-stream.js';
import { hugeArguments, hugeEnvironment } from '../../bench/flood/entrances/process-memory.js';
import { socket } from '../../bench/flood/entrances/socket.js';
import { titles } from '../../bench/flood/entrances/titles.js';
import { flood } from '../../bench/flood/run.js';

/**
 * A part of bench/flood, with a hard bound on memory: the built program, as root, and an ordinary user who floods it.
 * How long anything takes is the benchmark's subject.
 */

vi.setConfig({ testTimeout: 120_000 });

const MOST_BYTES = 60_000_000;

describe.each([hugeArguments, hugeEnvironment, titles, socket, kernelStream, transcripts, helperStdio])(
  'a flood of $name',
  entrance => {
    it('neither swells nor ends the daemon', async () => {
      const { grew, survived } = await flood(entrance, 4, [], 2_000);
      expect(survived).toBe(true);
      expect(grew.peak_bytes - grew.rest_bytes, grew.name).toBeLessThan(MOST_BYTES);
    });
  },
);
