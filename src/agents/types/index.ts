import type { ProcessFacts } from '../../model/observation.js';
import type { AgentKind, Match } from '../agent-type.js';
import { identify } from '../recognition/identity.js';
import { type UserKind, userKind } from '../recognition/user-type.js';
import { aider } from './aider.js';
import { amp } from './amp.js';
import { claudeCode } from './claude-code/index.js';
import { codex } from './codex/index.js';
import { copilotCli } from './copilot-cli/index.js';
import { crush } from './crush.js';
import { cursorAgent } from './cursor-agent.js';
import { geminiCli } from './gemini-cli.js';
import { goose } from './goose.js';
import { opencode } from './opencode.js';
import { qwenCode } from './qwen-code.js';

/** A new agent is one new file and one line here. */
export const BUILT_IN_KINDS: readonly AgentKind[] = [
  claudeCode,
  codex,
  geminiCli,
  opencode,
  qwenCode,
  copilotCli,
  amp,
  crush,
  aider,
  goose,
  cursorAgent,
];

export interface Recognised {
  kind: AgentKind;
  match: Match;
}

export type Recogniser = (process: ProcessFacts) => Recognised | null;

/** The user's kinds come first: they may claim what a built-in one would. */
export function createRecogniser(userKinds: readonly UserKind[] = []): Recogniser {
  const kinds = [...userKinds.map(userKind), ...BUILT_IN_KINDS];
  return process => {
    if (process.is_copy) return null;
    const id = identify(process);
    for (const kind of kinds) {
      const match = kind.match(process, id);
      if (match !== null) return { kind, match };
    }
    return null;
  };
}
