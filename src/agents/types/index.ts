import type { AgentType, Recogniser } from '../agent-type.js';
import { identify } from '../recognition/identity.js';
import { type UserType, userType } from '../recognition/user-type.js';
import { aider } from './aider/index.js';
import { amp } from './amp.js';
import { claudeCode } from './claude-code/index.js';
import { cline } from './cline/index.js';
import { codex } from './codex/index.js';
import { continueCli } from './continue.js';
import { copilotCli } from './copilot-cli/index.js';
import { crush } from './crush/index.js';
import { cursorAgent } from './cursor-agent.js';
import { geminiCli } from './gemini-cli/index.js';
import { goose } from './goose.js';
import { grok } from './grok.js';
import { kilo } from './kilo.js';
import { kimi } from './kimi/index.js';
import { opencode } from './opencode/index.js';
import { pi } from './pi.js';
import { qwenCode } from './qwen-code/index.js';

/** All agent types. A new one is a file or folder here, and a line in this list. */
export const AGENT_TYPES: readonly AgentType[] = [
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
  cline,
  kimi,
  pi,
  continueCli,
  kilo,
  grok,
];

/** The user's own types come first: they may claim what a built-in one would. */
export function createRecogniser(userTypes: readonly UserType[] = []): Recogniser {
  const types = [...userTypes.map(userType), ...AGENT_TYPES];
  return process => {
    if (process.is_copy) return null;
    const id = identify(process);
    for (const type of types) {
      const match = type.match(process, id);
      if (match !== null) return { type, match };
    }
    return null;
  };
}

/** One of the built-in types by its name. */
export function typeNamed(name: string): AgentType | undefined {
  return AGENT_TYPES.find(type => type.name === name);
}
