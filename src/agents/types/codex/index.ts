import type { ProcessFacts } from '../../../model/observation.js';
import { type AgentType, CONVERSATION, onTerminal } from '../../agent-type.js';
import { plainTitle } from '../../osc.js';
import { baseName, hasOption, isProgram, subcommand, valuesOf } from '../../recognition/identity.js';
import { isShellCommand } from '../../recognition/shell.js';
import { activity, children, status, title, transcript } from '../../standard-voices.js';
import { laidOutFiles } from '../../transcripts/conversation-files.js';
import type { Statement } from '../../voice.js';
import { readCodexRollout } from './rollout.js';
import { Rollouts } from './rollouts.js';

/** Subcommands with a conversation on the terminal; no subcommand at all is the usual one. */
const CONVERSATIONS = new Set(['resume', 'fork']);
const OTHERS = new Set([
  'login',
  'logout',
  'mcp',
  'mcp-server',
  'proto',
  'completion',
  'sandbox',
  'debug',
  'apply',
  'a',
  'cloud',
  'features',
  'update',
  'help',
  'execpolicy',
  'responses-api-proxy',
  'stdio-to-uds',
  'plugin',
  'doctor',
]);

/** Options of codex that take a value in the next argument, so that the value is not taken for a subcommand. */
const TAKES_VALUE = new Set([
  '-c',
  '--config',
  '-m',
  '--model',
  '-p',
  '--profile',
  '-s',
  '--sandbox',
  '-C',
  '--cd',
  '-i',
  '--image',
  '-a',
  '--ask-for-approval',
  '--add-dir',
  '--enable',
  '--disable',
  '--remote',
  '--local-provider',
]);

/** OSC 7501: `state=working:app=codex`. */
function readStatus(payload: string): Statement | null {
  const fields = new Map(
    payload
      .split(/[:;]/)
      .map(field => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const),
  );
  const state = fields.get('state');
  const text = `says state=${state} (OSC 7501)`;
  switch (state) {
    case 'working':
      return { says: 'working', text };
    case 'blocked':
      return {
        says: [...fields.values()].some(value => value.includes('question')) ? 'question' : 'approval',
        text,
      };
    case 'done':
    case 'error':
      return { says: state, text };
    case 'idle':
      return { says: 'idle', text };
    default:
      return null;
  }
}

/**
 * An editor talks with it over its input and output, another program over a WebSocket; that of the terminals listens on a
 * Unix socket, and is nobody's child.
 */
function servesEditor({ ppid }: ProcessFacts, args: readonly string[]): boolean {
  const [listen = 'stdio:'] = valuesOf(args, '--listen');
  return listen.startsWith('ws:') || (listen.startsWith('stdio:') && ppid !== 1);
}

/**
 * Codex CLI: `node …/codex` starts the native `codex`, which owns the terminal; a detached
 * `codex app-server` talks to the model and runs the tools.
 */
export const codex: AgentType = {
  name: 'codex',
  label: 'Codex',
  match(process, id) {
    if (!isProgram(id, ['codex'], ['@openai/codex'])) return null;
    if (id.program !== 'codex') return { role: 'wrapper' };
    // The same binary serves as sandbox and patch tools under other names.
    if (id.called !== 'codex') return null;
    if (hasOption(id.args, '--version', '-V', '--help', '-h')) return null;
    const sub = subcommand(id.args, TAKES_VALUE);
    if (sub === 'app-server' && servesEditor(process, id.args)) return CONVERSATION;
    if (sub === 'app-server' || sub === 'exec-server') return { role: 'helper' };
    if (sub === 'exec' || sub === 'e' || sub === 'review') return { role: 'main', mode: 'batch' };
    if (sub !== null && OTHERS.has(sub) && !CONVERSATIONS.has(sub)) return null;
    return { role: 'main', mode: onTerminal(process) ? 'terminal' : 'batch' };
  },
  voices: [status(), title(), transcript(), activity({ goes_on: true }), children()],
  waitsForLeave: detail =>
    /^(exec_command|shell|shell_command|local_shell|container\.exec|apply_patch)\b/.test(detail ?? ''),
  files: laidOutFiles(
    { variable: 'CODEX_HOME', below_home: '.codex' },
    'rollouts',
    context => new Rollouts(context),
    { readTail: readCodexRollout },
  ),
  isTool(argv) {
    return isShellCommand(argv) || baseName(argv[0] ?? '') === 'codex-linux-sandbox';
  },
  readTitle(title) {
    if (/^[\u2800-\u28ff] /u.test(title)) return { says: 'working', text: 'window title shows its spinner' };
    if (/^\[ . \] Action Required/.test(title)) {
      return { says: 'approval', text: 'window title says Action Required' };
    }
    return { says: 'idle', text: 'window title shows no spinner' };
  },
  plainTitle: title => plainTitle(title.replace(/^\[ . \] Action Required \| +/u, '')),
  readOsc(code, payload) {
    return code === 7501 ? readStatus(payload) : null;
  },
};
