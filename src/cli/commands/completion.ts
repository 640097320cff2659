import { printable } from '../../lib/text/printable.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { COMPLETION_SCRIPTS, SHELLS, shellOf } from '../completion/scripts.js';

export const completion = defineCommand({
  usage: 'completion [shell]',
  describe: 'Print a completion script for bash, zsh or fish',
  details: [
    'Without a name it is that of $SHELL. Packages and make install put all of them where the shells look; by hand: vigil completion bash >~/.local/share/bash-completion/completions/vigil.',
  ],
  positionals: { shell: { type: 'string', describe: 'bash, zsh or fish' } },
  async run({ positional }, io) {
    const named = positional.shell === '' ? shellOf(io.env) : positional.shell!;
    const shell = SHELLS.find(one => one === named);
    if (shell === undefined)
      throw new UsageError(`there is a script for ${SHELLS.join(', ')}, not for "${printable(named, 40)}"`);
    io.out(COMPLETION_SCRIPTS[shell]);
    return OK;
  },
});
