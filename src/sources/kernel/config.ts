import { z } from 'zod';
import { BY_GROUP, BY_ROOT } from '../../model/config-key.js';

const sensor = z
  .strictObject({
    tier: z
      .enum(['auto', 'fentry', 'tracepoint', 'procfs'])
      .default('auto')
      .describe(
        'How vigil looks into the kernel. `auto` takes the best that works here: `fentry` (tracing programs on the terminal functions), `tracepoint` (tracepoints, none of system calls), `procfs` (no eBPF: files below /proc and the agents’ own files).',
      ),
    bpftrace: z
      .string()
      .regex(/^\//, 'must be an absolute path')
      .optional()
      .describe(
        'The bpftrace program to run. Without it: the first of the usual system folders that has one. It is run only when it belongs to root, and nobody else may write it or a folder on the way to it.',
      )
      .meta(BY_ROOT),
  })
  .describe('The sensor: what vigil learns from the kernel.')
  .meta(BY_GROUP);

/** `[sensor]` */
export const kernelConfig = { sensor: sensor.prefault({}) };
