/** Made by `make lab-matrix`, do not edit: the newest version of each agent that docs/tested-agents.md has. */
export const NEWEST_TESTED: Readonly<Record<string, string>> = {
  kimi: '2.1.0',
  'claude-code': '2.1.332',
  codex: '0.171.0',
  'gemini-cli': '0.61.0',
};
