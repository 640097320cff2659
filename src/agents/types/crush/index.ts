import { type AgentType, simpleMatch } from '../../agent-type.js';
import { hasOption, isProgram, subcommand } from '../../recognition/identity.js';
import { activity, children, transcript } from '../../standard-voices.js';
import { databaseConversations } from '../../transcripts/databases/conversations.js';
import { crushDatabase } from './database.js';

/** Language servers and MCP servers. */
const SERVES = /^--?stdio$|lsp|language-?server|\bmcp\b|gopls|rust-analyzer|clangd/i;

const TAKES_VALUE = new Set(['-c', '--cwd', '-D', '--data-dir', '-H', '--host', '-s', '--session']);

/**
 * Charm's Crush, a native binary; from npm it is started by `node …/run-crush.js`. With CRUSH_CLIENT_SERVER
 * a detached `crush server` does the work for all terminals.
 */
export const crush: AgentType = {
  name: 'crush',
  label: 'Crush',
  match(process, id) {
    if (!isProgram(id, ['crush'], ['@charmland/crush'])) return null;
    if (hasOption(id.args, '--version', '-v', '--help', '-h')) return null;
    const command = subcommand(id.args, TAKES_VALUE);
    if (
      [
        'auth',
        'completion',
        'dirs',
        'help',
        'login',
        'logout',
        'logs',
        'models',
        'projects',
        'schema',
        'session',
        'stats',
        'update-providers',
      ].includes(command ?? '')
    )
      return null;
    if (id.program !== 'crush') return { role: 'wrapper' };
    if (command === 'server') return { role: 'helper' };
    return simpleMatch(process, command === 'run');
  },
  // Its spinner rests while a tool runs, and while it asks.
  voices: [transcript({ hangs_after_ms: null }), activity(), children()],
  files: databaseConversations('project', crushDatabase),
  // It runs the words of a command by itself, each program a child; those that serve it otherwise speak over a pipe.
  isTool: argv => !argv.some(word => SERVES.test(word)),
};
