import { baseName } from './identity.js';

const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'fish', 'ksh']);

/** `bash -c …`, `/bin/zsh -lc …`: how agents run what the model asked for. */
export function isShellCommand(argv: readonly string[]): boolean {
  return (
    SHELLS.has(baseName(argv[0] ?? '').replace(/^-/, '')) &&
    argv.slice(1, 4).some(arg => /^-[a-z]*c$/.test(arg))
  );
}
