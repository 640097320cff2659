import { z } from 'zod';
import { MODES, REASONS, STATES } from '../../model/agent.js';
import { SEVERITIES } from '../../model/alert.js';
import {
  type ConversationRef,
  type RegistryEntry,
  TRANSCRIPT_PHASES,
  type TranscriptEntry,
} from '../../model/observation.js';

/**
 * What the daemon and a helper say to each other: JSON lines over the helper's stdin and stdout. Neither side
 * trusts the other; what does not fit is dropped and logged.
 */

/** Lines to a helper are as long as its user has agents. */
export const MAX_LINE_TO_HELPER_BYTES = 8 * 1024 * 1024;
export const MAX_LINE_FROM_HELPER_BYTES = 64 * 1024;

/** The daemon pings so often; a helper that does not answer for so long hangs. */
export const PING_MS = 5_000;
export const HUNG_AFTER_MS = 20_000;
/** A helper that hears nothing for so long says that the daemon hangs. */
export const SILENT_AFTER_MS = 30_000;

/** Root folders of containers, opened, come to a helper over this descriptor. */
export const ROOTS_FD = 3;

const pid = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const text = (max: number) => z.string().max(max);

/** One agent as its user's helper needs to know it. */
export const helperAgentSchema = z.strictObject({
  pid,
  /** Names it where the pid does not: of a further conversation in one process. */
  id: pid.exactOptional(),
  /** Name of the kind, e.g. `claude-code`, and its name for people. */
  kind: text(64),
  label: text(64),
  state: z.enum(STATES),
  reason: z.enum(REASONS).nullable(),
  since_ms: z.number(),
  interactive: z.boolean(),
  tty: text(64).nullable(),
  /** What its container is called; null: it is in none. */
  container: text(200).nullable(),
  /** Of a conversation: the program in which its person sits; null: not known. */
  host: text(64).nullable(),
  cwd: text(4096).nullable(),
  title: text(512).nullable(),
  started_ms: z.number(),
  /** What it asks for, e.g. `Bash: npm test`. */
  asks: text(500).nullable(),
  /** Work of the present or last turn, without the time at prompts. */
  worked_ms: z.number(),
  has_worked: z.boolean(),
  /** What it asks for may come a moment after it asks. */
  has_transcript: z.boolean(),
  /** WAITING limit: when its quota is there again, ms since the epoch; null: not known. */
  resets_at_ms: z.number().nullable(),
  exit_code: z.number().nullable(),
  signal: text(32).nullable(),
});
export type HelperAgent = z.infer<typeof helperAgentSchema> & {
  /** Found by the helper itself: what shows the multiplexer's session that nobody looks at. */
  attach?: string | null;
};

/** What is remembered of an agent is remembered by this number. */
export function idOf({ id, pid }: Pick<HelperAgent, 'id' | 'pid'>): number {
  return id ?? pid;
}

/** A session whose files the helper reads. */
const transcriptSession = z.strictObject({
  pid,
  /** Default: on a terminal. */
  mode: z.enum(MODES).exactOptional(),
  agent_type: text(64),
  uid: z.int().min(0),
  cwd: text(4096).nullable(),
  start_ticks: z.number(),
  started_ms: z.number(),
  session_id: text(200).nullable(),
  folder: text(4096),
  /** How the agent sees itself: see InsideView. */
  inside: z.strictObject({ pid, ticks_offset: z.number() }),
  /** In a container, whose root folder came over `ROOTS_FD` with this word; null: it sees what its user sees. */
  root: text(64).nullable(),
});
export type TranscriptSession = z.infer<typeof transcriptSession>;

/** More alerts than these are not told of: the worst are kept. */
export const MAX_ALERTS = 200;

/** What a person is to know of an alert. Titles and texts name processes and paths: they are hostile. */
export const helperAlertSchema = z.strictObject({
  id: z.int().min(1),
  opened_ms: z.number(),
  severity: z.enum(SEVERITIES),
  title: text(500),
  text: text(2000),
  suggestion: text(1000).nullable(),
  status: z.enum(['open', 'resolved']),
});
export type HelperAlert = z.infer<typeof helperAlertSchema>;

export const URGENCIES = ['low', 'normal', 'critical'] as const;

export const helperConfigSchema = z.object({
  notifications: z.object({
    enabled: z.boolean(),
    min_work_seconds: z.number(),
    remind_after_s: z.number(),
    focused_grace_s: z.number(),
    snooze_minutes: z.number(),
    quiet_hours: z.string(),
    urgency_approval: z.enum(URGENCIES),
    urgency_question: z.enum(URGENCIES),
    urgency_done: z.enum(URGENCIES),
    urgency_trouble: z.enum(URGENCIES),
  }),
  badges: z.object({ enabled: z.boolean(), directory: z.string(), session_directory: z.string() }),
  tray: z.object({ enabled: z.boolean() }),
  /** Where the daemon's socket is. */
  runtime_dir: text(4096),
});
export type HelperConfig = z.infer<typeof helperConfigSchema>;

export const toHelperSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('config'), config: helperConfigSchema }),
  z.strictObject({ type: z.literal('agents'), agents: z.array(helperAgentSchema).max(10_000) }),
  z.strictObject({ type: z.literal('transcripts'), sessions: z.array(transcriptSession).max(10_000) }),
  /** All alerts that this user may see: one that is missing is over. */
  z.strictObject({ type: z.literal('alerts'), alerts: z.array(helperAlertSchema).max(MAX_ALERTS) }),
  /** To be answered by `pong`: a helper that hangs does not. */
  z.strictObject({ type: z.literal('ping') }),
  /** The daemon ends this helper on purpose. An end of stdin without it means that the daemon died. */
  z.strictObject({ type: z.literal('farewell') }),
]);
export type ToHelper = z.infer<typeof toHelperSchema>;

const registryEntry = z.strictObject({
  status: z.enum(['busy', 'waiting', 'idle', 'shell']).nullable(),
  waiting_for: text(1000).nullable(),
  start_ticks: z.number().nullable(),
  session_id: text(200).nullable(),
  cwd: text(4096).nullable(),
  updated_ms: z.number().nullable(),
}) satisfies z.ZodType<RegistryEntry>;

const transcriptEntry = z.strictObject({
  phase: z.enum(TRANSCRIPT_PHASES),
  detail: text(4096).nullable(),
  session_id: text(200).nullable(),
  at_ms: z.number(),
  resets_at_ms: z.number().nullable().exactOptional(),
  goes_on: z.boolean().exactOptional(),
}) satisfies z.ZodType<TranscriptEntry>;

const conversation = z.strictObject({
  id: text(200),
  cwd: text(4096).nullable(),
}) satisfies z.ZodType<ConversationRef>;

export const COMPOSITORS = ['sway', 'i3', 'hyprland', 'niri'] as const;

/** A word of a shell, quoted where that is needed; neither lines nor a second command. */
const WORD = "(?:[\\w@%+=:,./$-]+|'[^'\\p{Cc}]+')";
/** The helper is its user's puppet: whoever reads this is not to be made to run something else. */
export const ATTACH_COMMAND = new RegExp(
  `^(?=.{1,300}$)(?:tmux(?: -[LS] ${WORD})? attach -t|zellij attach|screen -r) ${WORD}$`,
  'u',
);

/** What a helper found of its user's desktop. */
const desktopSchema = z.strictObject({
  session_bus: z.boolean(),
  compositor: z.enum(COMPOSITORS).nullable(),
  /** Why it shows less than it could, in words; null: nothing is missing. */
  note: text(400).nullable(),
});
export type HelperDesktop = z.infer<typeof desktopSchema>;

export const fromHelperSchema = z.discriminatedUnion('type', [
  /** The time of an observation is the daemon's to say. */
  z.strictObject({ type: z.literal('registry'), pid, entry: registryEntry.nullable() }),
  z.strictObject({
    type: z.literal('transcript'),
    pid,
    entry: transcriptEntry.nullable(),
    conversation: conversation.exactOptional(),
  }),
  z.strictObject({
    type: z.literal('unseen'),
    counts: z.array(z.tuple([pid, z.int().min(0).max(9999)])).max(1000),
  }),
  /** Agents in sessions of multiplexers that nobody looks at, and the command that does. */
  z.strictObject({
    type: z.literal('detached'),
    commands: z.array(z.tuple([pid, z.string().regex(ATTACH_COMMAND)])).max(1000),
  }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({ type: z.literal('desktop'), desktop: desktopSchema }),
  z.strictObject({
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: text(500),
    fields: z.record(text(64), z.union([text(2000), z.number(), z.boolean(), z.null()])),
  }),
]);
export type FromHelper = z.infer<typeof fromHelperSchema>;
