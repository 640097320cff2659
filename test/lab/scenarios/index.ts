import type { Scenario } from '../scenario.js';
import { overloaded, unauthorized, usedUp } from './api-errors.js';
import { apiStall } from './api-stall.js';
import { approvalAccepted } from './approval-accepted.js';
import { approvalRejected } from './approval-rejected.js';
import { backgroundShell } from './background-shell.js';
import { plan, question } from './dialogs.js';
import { interrupt } from './interrupt.js';
import { kill } from './kill.js';
import { longStream } from './long-stream.js';
import { oneShot } from './one-shot.js';
import { queued } from './queued.js';
import { quit } from './quit.js';
import { shortAnswer } from './short-answer.js';
import { silentTool } from './silent-tool.js';
import { terminalClosed } from './terminal-closed.js';
import {
  approvals,
  cleared,
  hugeOutput,
  reducedMotion,
  resized,
  stopped,
  subagent,
  trustDialog,
} from './troubled.js';
import { twoAtOnce } from './two-at-once.js';
import { typing } from './typing.js';
import { agentFirst, bpftraceKilled, daemonRestarted } from './vigil.js';

/** A new scenario is one file and one line here. */
export const SCENARIOS: readonly Scenario[] = [
  shortAnswer,
  longStream,
  apiStall,
  silentTool,
  approvalAccepted,
  approvalRejected,
  question,
  plan,
  interrupt,
  typing,
  twoAtOnce,
  queued,
  oneShot,
  backgroundShell,
  quit,
  kill,
  terminalClosed,
  overloaded,
  unauthorized,
  usedUp,
  approvals,
  stopped,
  resized,
  cleared,
  hugeOutput,
  trustDialog,
  reducedMotion,
  subagent,
  daemonRestarted,
  bpftraceKilled,
  agentFirst,
];
