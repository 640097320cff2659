import { isShell } from '../../lib/process/shells.js';

/** `bash -c …`, `/bin/zsh -lc …`: how agents run what the model asked for. */
export function isShellCommand(argv: readonly string[]): boolean {
  return isShell(argv[0] ?? '') && argv.slice(1, 4).some(arg => /^-[a-z]*c$/.test(arg));
}
