import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, subcommand } from '../recognition/identity.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';

/** Cursor's agent: `~/.local/share/cursor-agent/versions/…/node …/index.js`, started as cursor-agent. */
export const cursorAgent: AgentType = {
  name: 'cursor-agent',
  label: 'Cursor Agent',
  match(process, id) {
    const bundled = (id.script ?? '').includes('/cursor-agent/') || id.exe.includes('/cursor-agent/');
    if (!bundled && !isProgram(id, ['cursor-agent'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    if (
      ['login', 'logout', 'status', 'whoami', 'mcp', 'update', 'upgrade', 'ls', 'models'].includes(
        subcommand(id.args) ?? '',
      )
    )
      return null;
    return simpleMatch(process, hasOption(id.args, '-p', '--print', '--output-format'));
  },
  voices: SEEN_FROM_OUTSIDE,
};
