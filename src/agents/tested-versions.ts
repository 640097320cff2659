/** Made by `make lab-matrix`, do not edit: the newest version of each agent that docs/tested-agents.md has. */
export const NEWEST_TESTED: Readonly<Record<string, string>> = {
  codex: '0.171.0',
};
