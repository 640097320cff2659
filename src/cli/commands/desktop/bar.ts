import type { AgentReport } from '../../../api/client/index.js';
import { askDaemon } from '../../ask-daemon.js';
import { ewwLine } from '../../bars/eww.js';
import { followAgents } from '../../bars/follow.js';
import { ownAgents } from '../../bars/order.js';
import { tmuxLine } from '../../bars/tmux.js';
import { waybarLine } from '../../bars/waybar.js';
import { defineCommand, OK, UsageError } from '../../command.js';

/** A new bar is one function and one line here; `follow` is what it expects by default. */
const BARS: Readonly<
  Record<string, { line(agents: readonly AgentReport[] | null): string; follow: boolean }>
> = {
  waybar: { line: waybarLine, follow: false },
  eww: { line: ewwLine, follow: true },
  tmux: { line: tmuxLine, follow: false },
};

export const bar = defineCommand({
  usage: 'bar <which>',
  describe: 'Print your agents as a status bar reads them: waybar, eww or tmux',
  details: [
    'waybar: text, alt (approval, question, limit, auth, error, hung, stalled, done, retrying, working, asleep, idle, down), tooltip, class (alt, attention, trouble, has-working) and percentage, for a custom module with "return-type": "json". eww: sessions and has_working, for deflisten. tmux: a segment for #(). In the text ? counts those that ask, ! those in trouble, z those asleep (Ctrl-Z).',
    'With --follow it prints a line whenever something changed, and goes on when the daemon restarts. eww is followed unless --no-follow is given.',
  ],
  positionals: { which: { type: 'string', describe: 'waybar, eww or tmux' } },
  options: {
    follow: { type: 'boolean', alias: 'f', describe: 'Print a line for each change, for ever' },
  },
  async run({ follow, runtimeDir, positional }, io) {
    const name = positional.which ?? '';
    const chosen = Object.hasOwn(BARS, name) ? BARS[name] : undefined;
    if (chosen === undefined)
      throw new UsageError(`there is no bar of this name; known: ${Object.keys(BARS).join(', ')}`);
    let last = '';
    const show = (agents: readonly AgentReport[] | null) => {
      const line = chosen.line(agents === null ? null : ownAgents(agents, process.geteuid!()));
      if (line !== last) io.out(`${line}\n`);
      last = line;
    };
    if (follow ?? chosen.follow) {
      io.endWithReader();
      await followAgents(runtimeDir, show);
    }
    show(await once(runtimeDir));
    return OK;
  },
});

async function once(runtimeDir: string | undefined): Promise<readonly AgentReport[] | null> {
  try {
    // Awaited here: what fails is caught here.
    return await askDaemon(runtimeDir, client => client.call('agents'));
  } catch {
    return null;
  }
}
