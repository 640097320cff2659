import type { Scenario } from '../scenario.js';
import { apiStall } from './api-stall.js';
import { approvalAccepted } from './approval-accepted.js';
import { approvalRejected } from './approval-rejected.js';
import { interrupt } from './interrupt.js';
import { kill } from './kill.js';
import { longStream } from './long-stream.js';
import { shortAnswer } from './short-answer.js';
import { silentTool } from './silent-tool.js';

export const SCENARIOS: readonly Scenario[] = [
  shortAnswer,
  longStream,
  apiStall,
  silentTool,
  approvalAccepted,
  approvalRejected,
  interrupt,
  kill,
];
