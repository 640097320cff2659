import { type AgentType, simpleMatch } from '../agent-type.js';
import { hasOption, isProgram, positionals } from '../recognition/identity.js';
import { SEEN_FROM_OUTSIDE } from '../standard-voices.js';

const NO_CONVERSATION = new Set([
  ...['version', 'login', 'logout', 'update', 'up', 'completions', 'doctor', 'usage', 'config', 'review'],
  ...['orb', 'orb-spawner', 'portal', 'net', 'runner', 'clone', 'git-setup', 'files', 'top'],
  ...['report-bug', 'report', 'diagnostics', 'tools', 'tool', 'plugins', 'plugin', 'skill', 'skills'],
  ...['permissions', 'permission', 'mcp', 'domains', 'projects', 'apps', 'oauth-clients', 'secrets', 'svc'],
]);
const THREADS = new Set(['threads', 'thread', 't']);
const CONTINUE = new Set(['continue', 'c']);
const TAKES_VALUE = new Set([
  ...['--visibility', '--settings-file', '--log-level', '--log-file', '--mcp-config', '-m', '--mode'],
  ...['--features', '--executor', '--runner-dir', '--runner-id', '--attach', '--project', '--orb-size'],
  ...['--title', '-l', '--label'],
]);

/** Amp: a native binary (`amp.exe` inside the npm package `@ampcode/cli`), before that a script on node. */
export const amp: AgentType = {
  name: 'amp',
  label: 'Amp',
  match(process, id) {
    if (!isProgram(id, ['amp'], ['@sourcegraph/amp', '@ampcode/cli', '@ampcode/cli-linux-x64'])) return null;
    if (hasOption(id.args, '--version', '-V', '-v', '--help', '-h', '--no-tui')) return null;
    const [command, of] = positionals(id.args, TAKES_VALUE);
    if (command !== undefined && NO_CONVERSATION.has(command)) return null;
    if (command !== undefined && THREADS.has(command) && !CONTINUE.has(of ?? '')) return null;
    return simpleMatch(
      process,
      hasOption(id.args, '-x', '--execute', '-ox', '--orb-execute', '--stream-json'),
    );
  },
  voices: SEEN_FROM_OUTSIDE,
};
