import { z } from 'zod';
import { EVIDENCE_SOURCES, MODES, REASONS, STATES } from '../../model/agent.js';
import { bytes, count, list, pid, schemaOf, text, time, uid } from '../../model/schema.js';
import type { AgentStateEvent, EvidenceReport } from '../../model/state-event.js';

const state = z.enum(STATES);
const reason = z.enum(REASONS).nullable();
const source = z.enum(EVIDENCE_SOURCES);
const evidence = schemaOf<EvidenceReport>()({ source, text, time });

const ending = {
  exit_code: z.int().nullable().exactOptional().describe('only for EXITED'),
  signal: text.nullable().exactOptional().describe('e.g. SIGKILL; only for EXITED'),
  signal_sender: z.strictObject({ pid, comm: text }).nullable().exactOptional().describe('only for EXITED'),
};

export const agentReportSchema = z
  .strictObject({
    pid,
    agent: text.describe('name of the type, e.g. claude-code'),
    state,
    reason,
    since: time,
    evidence,
    interactive: z.boolean().describe('a person answers it, on its terminal or elsewhere'),
    mode: z
      .enum(MODES)
      .describe(
        'conversation: its person sits in another program, such as an editor; batch: nobody answers it',
      ),
    host: text.nullable().describe('of a conversation: that program, e.g. code, zed; null: not known'),
    background: count.describe('shells and subagents of it that still run although its turn is over'),
    resets_at: time
      .nullable()
      .describe('only for WAITING limit: when its quota is there again, where it says so; else null'),
    asks: text.nullable().describe('what a waiting agent asks for, e.g. `Bash: npm test`'),
    unseen: count.describe(
      'how often it stopped (turn ends and requests) since its person last looked at its window',
    ),
    attach: text
      .nullable()
      .describe('what shows its session of tmux, screen or zellij, where nobody looks at that; else null'),
    uid,
    user: text,
    tty: text.nullable().describe('below /dev, e.g. pts/3'),
    container: text
      .nullable()
      .describe(
        'what its container is called, e.g. `shop-dev (podman)`; null: it is in none that can be told',
      ),
    cwd: text.nullable(),
    title: text.nullable(),
    session_id: text.nullable(),
    command: text.describe('cut at 4,096 characters'),
    started: time,
    children: count,
    cpu_percent: z.number().describe('of one core, of its whole process tree'),
    rss_bytes: bytes.describe('of its whole process tree'),
    ...ending,
  })
  .meta({ id: 'AgentReport' });
export type AgentReport = z.infer<typeof agentReportSchema>;

export const agentStateEventSchema = schemaOf<AgentStateEvent>()({
  type: z.literal('agent_state'),
  time,
  pid,
  session_id: text
    .exactOptional()
    .describe('which conversation, of a process that may hold several, as its agent names it'),
  agent: text,
  from: state,
  to: state,
  reason,
  evidence,
  ...ending,
  tty: text.nullable(),
  cwd: text.nullable(),
}).meta({ id: 'AgentStateEvent' });

const voiceReportSchema = z
  .strictObject({
    voice: text,
    verdict: z.enum(['decides', 'agrees', 'disbelieved', 'silent']),
    text: text.nullable().describe('what it says; null: nothing'),
    since: time.nullable(),
    why: text.describe('why it is believed or not, in words'),
  })
  .meta({
    id: 'VoiceReport',
    description: 'one thing that can tell the state of an agent, such as its session file, and how it fared',
  });
export type VoiceReport = z.infer<typeof voiceReportSchema>;

export const explainReportSchema = z
  .strictObject({
    agent: agentReportSchema,
    decided_by: text.describe('the rule that decided, in words'),
    evidence: list(z.strictObject({ source, text, time, age_ms: z.number(), note: text })).describe(
      'everything on record, newest first',
    ),
    voices: list(voiceReportSchema).describe(
      'everything that can tell its state, strongest first; empty: it has ended',
    ),
    processes: list(z.strictObject({ pid, role: text, command: text })).describe(
      'every process that counts as part of this session',
    ),
  })
  .meta({ id: 'ExplainReport' });
export type ExplainReport = z.infer<typeof explainReportSchema>;
