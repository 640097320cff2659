import { isShell } from '../../lib/process/shells.js';
import type { ProcessFacts } from '../../model/observation.js';
import { baseName, identify } from './identity.js';

/** What the program in which a person sits is told from. */
export type Ancestor = Pick<ProcessFacts, 'exe' | 'argv' | 'comm'>;

/** Ancestors that are looked at: an editor starts its agents through few others. */
export const MAX_ANCESTORS = 16;
const MAX_NAME = 64;

/** These only start others. */
const STARTERS = new Set([
  ...[
    'sudo',
    'su',
    'doas',
    'pkexec',
    'runuser',
    'env',
    'nice',
    'ionice',
    'stdbuf',
    'timeout',
    'setsid',
    'nohup',
    'script',
  ],
  ...[
    'expect',
    'unbuffer',
    'npm',
    'npx',
    'pnpm',
    'yarn',
    'uv',
    'uvx',
    'pipx',
    'volta-shim',
    'mise',
    'asdf',
    'direnv',
  ],
  ...[
    'bwrap',
    'firejail',
    'flatpak-spawn',
    'proot',
    'unshare',
    'nsenter',
    'docker',
    'podman',
    'tini',
    'dumb-init',
    'catatonit',
  ],
]);
/** In none of these, and in nothing above them, does a person talk with an agent. */
const ENDS = new Set([
  ...[
    'systemd',
    'init',
    'login',
    'sshd',
    'cron',
    'crond',
    'atd',
    'tmux',
    'screen',
    'zellij',
    'dtach',
    'abduco',
    'mosh-server',
  ],
  ...['containerd-shim', 'containerd-shim-runc-v2', 'conmon', 'dbus-daemon', 'dockerd'],
]);
/** The programs that are agents' servers for editors: `node …/claude-agent-acp`. */
const ADAPTER = /(^|-)(acp|app-server)$/;

/**
 * The program that talks with an agent, from its ancestors, the nearest first: the first that does not just start others. A
 * script counts where no program of its own follows: an application on an agent's SDK. Null: nobody is found, as for what a
 * person started at a shell.
 */
export function hostName(
  ancestors: readonly Ancestor[],
  isAgent: (ancestor: Ancestor) => boolean,
): string | null {
  let script: string | null = null;
  for (const ancestor of ancestors.slice(0, MAX_ANCESTORS)) {
    const id = identify(ancestor);
    const name = programName(ancestor, id.program);
    if (isShell(name)) {
      if (isAtPrompt(ancestor.argv)) break;
      continue;
    }
    if (ENDS.has(name)) break;
    if (STARTERS.has(name) || ADAPTER.test(name) || isAgent(ancestor)) continue;
    if (!isInterpreter(id.program)) return shortened(name);
    const file = id.script === null ? null : baseName(id.script).replace(/\.(m?js|cjs|py)$/, '');
    if (file === null || ADAPTER.test(file) || isPackageFile(id.script as string) || STARTERS.has(file))
      continue;
    script ??= shortened(file);
  }
  return script;
}

/** The launcher of a JetBrains IDE is java; it says which one it is. */
function programName({ argv, comm }: Ancestor, program: string): string {
  if (program !== 'java') return program || comm;
  const selector = argv.find(arg => arg.startsWith('-Didea.executable='));
  return selector?.slice('-Didea.executable='.length) || program;
}

/** A shell that waits for a person's commands: whoever started the agent did it there. */
function isAtPrompt(argv: readonly string[]): boolean {
  return argv.slice(1).every(arg => arg.startsWith('-') && !/^-[a-z]*c$/.test(arg));
}

/** `index.js`, `main.js`, `cli.js` of a package say nothing. */
function isPackageFile(script: string): boolean {
  return /\/node_modules\//.test(script) || /^(index|main|cli|server)\.(m?js|cjs|py)$/.test(baseName(script));
}

function isInterpreter(program: string): boolean {
  return /^(node|nodejs|bun|deno|MainThread|python[\d.]*|pypy[\d.]*|ruby[\d.]*|perl[\d.]*)$/.test(program);
}

function shortened(name: string): string {
  return name.slice(0, MAX_NAME);
}
