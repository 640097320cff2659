import { z } from 'zod';
import type {
  ExecEvent,
  ExitEvent,
  ForkEvent,
  KeyEvent,
  OomEvent,
  OscEvent,
  OutputEvent,
  ResizeEvent,
  RunStateEvent,
} from '../../model/kernel-event.js';
import {
  type BlockedReadObservation,
  type ClockObservation,
  type GoneObservation,
  type Observation,
  type ProcessFacts,
  type ProcessObservation,
  type RegistryEntry,
  type RegistryObservation,
  type SensorObservation,
  TRANSCRIPT_PHASES,
  type TranscriptEntry,
  type TranscriptObservation,
} from '../../model/observation.js';
import { count, pid, schemaOf, start_ticks, text, time_ms, uid } from '../../model/schema.js';

/** What a recording holds, one JSON object a line; all text in it is raw. */

const processFacts = schemaOf<ProcessFacts>()({
  pid,
  ppid: pid,
  uid,
  comm: text,
  exe: text.nullable(),
  argv: z.array(text),
  is_copy: z.boolean(),
  cwd: text.nullable(),
  tty: text.nullable(),
  stdin_tty: z.boolean().nullable(),
  stdout_tty: z.boolean().nullable(),
  start_ticks,
  started_ms: time_ms,
  group: pid.exactOptional(),
  host: text.nullable().exactOptional(),
  script: text.exactOptional(),
});

const registryEntry = schemaOf<RegistryEntry>()({
  status: z.enum(['busy', 'waiting', 'idle', 'shell']).nullable(),
  waiting_for: text.nullable(),
  start_ticks: start_ticks.nullable(),
  session_id: text.nullable(),
  cwd: text.nullable(),
  updated_ms: time_ms.nullable(),
});

const transcriptEntry = schemaOf<TranscriptEntry>()({
  phase: z.enum(TRANSCRIPT_PHASES),
  detail: text.nullable(),
  session_id: text.nullable(),
  at_ms: time_ms,
  resets_at_ms: time_ms.nullable().exactOptional(),
  goes_on: z.boolean().exactOptional(),
});

const one = <T extends string>(type: T) => ({ type: z.literal(type), time_ms });

export const observationSchema: z.ZodType<Observation> = z
  .discriminatedUnion('type', [
    schemaOf<ProcessObservation>()({
      ...one('process'),
      process: processFacts,
      how: z.enum(['exec', 'scan']),
    }),
    schemaOf<ForkEvent>()({ ...one('fork'), pid, ppid: pid }),
    schemaOf<ExecEvent>()({
      ...one('exec'),
      pid,
      ppid: pid,
      uid,
      path: text,
      argv: z.array(text),
      truncated: z.boolean(),
    }),
    schemaOf<ExitEvent>()({
      ...one('exit'),
      pid,
      code: z.int().nullable(),
      signal: z.int().nullable(),
      sender: z.strictObject({ pid, comm: text }).nullable(),
    }),
    schemaOf<GoneObservation>()({ ...one('gone'), pid }),
    schemaOf<OomEvent>()({ ...one('oom'), pid }),
    schemaOf<KeyEvent>()({
      ...one('key'),
      tty: text,
      group: pid.exactOptional(),
      bytes: count,
      enter: z.boolean(),
      escape: z.boolean(),
    }),
    schemaOf<OutputEvent>()({
      ...one('output'),
      pid,
      tty: text,
      sampled: z.literal(true).exactOptional(),
      writes: count,
      bytes: count,
    }),
    schemaOf<OscEvent>()({ ...one('osc'), pid, tty: text, text }),
    schemaOf<ResizeEvent>()({ ...one('resize'), pid }),
    schemaOf<RunStateEvent>()({ ...one('run_state'), pid, stopped: z.boolean() }),
    schemaOf<RegistryObservation>()({ ...one('registry'), pid, entry: registryEntry.nullable() }),
    schemaOf<TranscriptObservation>()({
      ...one('transcript'),
      pid,
      entry: transcriptEntry.nullable(),
      conversation: z.strictObject({ id: text, cwd: text.nullable() }).exactOptional(),
    }),
    schemaOf<BlockedReadObservation>()({ ...one('blocked_read'), pid, blocked: z.boolean() }),
    schemaOf<SensorObservation>()({
      ...one('sensor'),
      terminal: z.boolean(),
      keys: z.boolean(),
      lifecycle: z.boolean(),
      slept_ms: z.number().exactOptional(),
    }),
    schemaOf<ClockObservation>()(one('clock')),
  ])
  .meta({ id: 'Observation', description: 'one line of a recording' });
