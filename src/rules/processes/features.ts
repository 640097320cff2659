import { isShell } from '../../lib/process/shells.js';
import type { ProcessRef } from '../../model/snapshot.js';

/** What the command line of a process says about its role. */
export interface Features {
  /** For grouping and for people: the script where an interpreter runs one, else the name of the program. */
  program: string;
  /** Interpreter and script, e.g. `python3 mcp_server.py`; null: it is no script. */
  script: string | null;
  /** A shell at a prompt: neither a script nor `-c`. */
  prompt: boolean;
  /** Compilers, linkers and the programs that call them: what a build is made of. */
  build: boolean;
  /** A process of a browser (or of an application built on one). */
  browser: boolean;
  /** Meant to outlive whoever started it: multiplexers, agents for keys, build servers. */
  stays: boolean;
}

const INTERPRETERS = /^(node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby[\d.]*|java)$/;

const BUILD_PROGRAMS =
  /^(cc1|cc1plus|cc1obj|lto1|lto-wrapper|collect2|as|ld(\..+)?|lld|mold|gold|gcc(-.+)?|g\+\+(-.+)?|cc|c\+\+|clang(\+\+)?(-.+)?|rustc|cargo|compile|link|asm|go|javac|kotlinc|scalac|swift-frontend|swiftc|ghc|ocamlopt|nvcc|cicc|ptxas|zig|make|gmake|ninja|cmake|meson|bazel|buck2|esbuild|tsc|npm.*|pnpm|yarn|dpkg.*|rpm.*|apt.*|nix-build|nix-daemon)$/;
const BUILD_SCRIPTS =
  /(^|[/@\s-])(npm-cli|npm|npx|pnpm|yarn|node-gyp|gyp|tsc|tsserver|eslint|prettier|biome|jest|jest-worker|vitest|tinypool|mocha|webpack|rollup|vite|turbo|nx|gradle|maven|sbt|pytest|scons|meson|pip)(\d*)([/.\s-]|$)/;

const BROWSERS =
  /^(firefox.*|chrome|chromium.*|google-chrome.*|brave.*|msedge.*|opera|vivaldi.*|epiphany.*|WebKitWebProces.*|Web Content|Isolated Web Co.*|Privileged Cont.*|WebExtensions|RDD Process|GPU Process|Socket Process|Utility Process)$/;
const BROWSER_CHILD = / (--type=(renderer|gpu-process|utility|zygote)|-contentproc)( |$)/;

const STAYS =
  /^(tmux.*|screen|SCREEN|zellij|abduco|dtach|ssh-agent|gpg-agent|keyboxd|scdaemon|dbus-.*|systemd.*|\(sd-pam\)|sccache|ccache|adb|watchman|bazel.*|emacs|pulseaudio|pipewire.*|gnome-keyring.*|Xvfb|dockerd|containerd.*|conmon|podman)$/;

/** Options of interpreters that take the next argument with them. */
const WITH_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
  '-W',
  '-X',
  '-I',
  '-cp',
  '-classpath',
  '--class-path',
  '-p:module',
  '--module-path',
]);
/** The program is the next argument, not a file. */
const INLINE = new Set(['-e', '--eval', '-p', '--print', '-c', '-pe', '-i']);

export function featuresOf(process: ProcessRef): Features {
  const args = process.cmdline.split(' ').filter(arg => arg !== '');
  const called = baseName(args[0] ?? process.comm);
  const script = scriptOf(called, args);
  const file = script === null ? null : script.slice(script.indexOf(' ') + 1);
  return {
    program: script === null ? process.comm : `${called} ${shortFile(file!)}`,
    script,
    prompt: isPrompt(called, args),
    build:
      BUILD_PROGRAMS.test(process.comm) ||
      BUILD_PROGRAMS.test(called) ||
      (file !== null && BUILD_SCRIPTS.test(file)),
    browser: BROWSERS.test(process.comm) || BROWSERS.test(called) || BROWSER_CHILD.test(process.cmdline),
    stays: STAYS.test(process.comm),
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The file's name with the folder it is in: `index.js` alone says nothing. */
function shortFile(file: string): string {
  return file.split('/').filter(Boolean).slice(-2).join('/');
}

function isPrompt(called: string, args: readonly string[]): boolean {
  if (!isShell(called)) return false;
  // Terminals of editors bring commands of their own to the prompt: `bash --init-file FILE`.
  if (args.some(arg => /^--(init-file|rcfile|init-command)$/.test(arg))) return true;
  return args.slice(1).every(arg => /^-(i|l|li|il)$|^--(login|interactive|posix|norc|noprofile)$/.test(arg));
}

/** Arguments came joined by spaces: a path with a space in it is cut there, which groups as well. */
function scriptOf(called: string, args: readonly string[]): string | null {
  if (!INTERPRETERS.test(called)) return null;
  for (let i = 1; i < args.length; i++) {
    const arg = args[i]!;
    if (INLINE.has(arg)) return null;
    if (arg === '-m') return args[i + 1] === undefined ? null : `${called} -m ${args[i + 1]}`;
    if (arg === '-jar') continue;
    if (WITH_VALUE.has(arg)) i++;
    else if ((called === 'deno' || called === 'bun') && (arg === 'run' || arg === 'x')) continue;
    else if (!arg.startsWith('-')) return `${called} ${arg}`;
  }
  return null;
}
