import { isShell } from '../../lib/process/shells.js';
import type { ProcessRef } from '../../model/snapshot.js';
import {
  baseName,
  isBrowserProgram,
  isBuildProgram,
  isBuildScript,
  keepsServer,
  launched,
  packageOf,
  scriptName,
  staysByName,
} from './programs.js';

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
  /** Agents start such: an MCP server by its name, a command of Claude's Bash tool by its snapshot. */
  of_agent: boolean;
  /** An agent's program that serves sessions (`codex app-server`): the name of that program. Null: it is none. */
  serves: string | null;
}

const INTERPRETERS = /^(node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|ruby[\d.]*|java)$/;

/** The first option of a process that an application built on a browser started. */
const BROWSER_CHILD = /^(--type=(renderer|gpu-process|utility|zygote|ppapi|broker)|-contentproc)$/;

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

/** Test runners of Node.js name their workers so: `node (vitest 1)`. */
const TITLED = /^node \((\w[\w-]*)/;
const JAVASCRIPT = /^(node|nodejs|bun|deno)$/;
/** Interpreters that are package managers and test runners too, and those commands of theirs. */
const RUNTIMES = /^(bun|deno)$/;
const COMMANDS = /^(test|install|i|add|ci|build|check|compile|bundle|lint|fmt)$/;

/** As MCP servers are named. */
const MCP = /(^|[^a-z])mcp($|[^a-z])|modelcontextprotocol/i;
const CLAUDE_SHELL = /\/shell-snapshots\/snapshot-/;
/** What of an agent's program serves others: sessions of its own, editors. */
const SERVES = /^(app-server|exec-server|mcp-server|serve|acp|--acp|--experimental-acp|daemon|--bg-spare)$/;
const AGENT_PROGRAM =
  /^(codex|claude|opencode|gemini|qwen|goose|copilot|crush|amp|auggie|droid|kimi|kilo|cline)$/;
const AGENT_PACKAGES: Readonly<Record<string, string>> = {
  '@openai/codex': 'codex',
  '@anthropic-ai/claude-code': 'claude',
  '@google/gemini-cli': 'gemini',
  '@qwen-code/qwen-code': 'qwen',
  '@github/copilot': 'copilot',
  'opencode-ai': 'opencode',
};

/** An interpreter's script with what follows it. */
interface Script {
  file: string;
  /** Given by `-m`. */
  isModule: boolean;
  rest: readonly string[];
}

export function featuresOf(process: ProcessRef): Features {
  const args = process.cmdline.split(' ').filter(arg => arg !== '');
  const { comm } = process;
  const named = baseName(args[0] ?? comm);
  // What is a shell by its file and calls itself something else is a shell.
  const called = isShell(comm) && !isShell(named) ? comm : named;
  const script = scriptOf(called, args);
  return {
    program: script === null ? comm : `${called} ${script.isModule ? '-m ' : ''}${shortFile(script.file)}`,
    script: script === null ? null : `${called} ${script.isModule ? '-m ' : ''}${script.file}`,
    prompt: isPrompt(called, args),
    build: isBuild(comm, called, args, script),
    browser: isBrowserProgram(comm) || isBrowserProgram(called) || isBrowserChild(called, args),
    stays: staysByName(comm, process.cmdline, script?.file ?? null),
    of_agent: isOfAgent(comm, called, args, script),
    serves: servedBy(comm, called, args, script),
  };
}

function isBuild(comm: string, called: string, args: readonly string[], script: Script | null): boolean {
  const rest = script?.rest ?? args.slice(1);
  // A package manager's own name where an interpreter runs it, as its title would be.
  const name = script === null ? called : baseName(script.file).replace(/\.[cm]?js$/, '');
  const target = launched(name, rest);
  if (target !== null)
    return isBuildProgram(baseName(target)) || isBuildScript('node', `bin/${target}`, false);
  if (keepsServer(name, rest)) return false;
  const options = script === null ? args : args.slice(0, args.length - script.rest.length);
  if (JAVASCRIPT.test(called) && options.includes('--test')) return true;
  if (script !== null) return isBuildScript(called, script.file, script.isModule);
  const titled = TITLED.exec(args.join(' '))?.[1];
  if (titled !== undefined) return isBuildScript('node', `bin/${titled}`, false);
  if (INTERPRETERS.test(called)) return RUNTIMES.test(called) && COMMANDS.test(args[1] ?? '');
  return isBuildProgram(called) || isBuildProgram(comm.split(' ')[0]!);
}

/** Chromium and Firefox begin the options of their children with what these are. */
function isBrowserChild(called: string, args: readonly string[]): boolean {
  if (INTERPRETERS.test(called) || isShell(called)) return false;
  return BROWSER_CHILD.test(args.find((arg, at) => at > 0 && arg.startsWith('-')) ?? '');
}

function isOfAgent(comm: string, called: string, args: readonly string[], script: Script | null): boolean {
  if (isShell(called)) return args.some(arg => CLAUDE_SHELL.test(arg));
  if (/^(docker|podman)$/.test(called)) return args.some(arg => /(^|\/)mcp\/|[-_]mcp(:|$)/.test(arg));
  const name = script === null ? called : baseName(script.file).replace(/\.[cm]?js$/, '');
  const target = launched(name, script?.rest ?? args.slice(1));
  const own = script === null ? `${comm} ${called}` : scriptName(script.file);
  return MCP.test(own.replaceAll('_', '-')) || (target !== null && MCP.test(target.replaceAll('_', '-')));
}

function servedBy(
  comm: string,
  called: string,
  args: readonly string[],
  script: Script | null,
): string | null {
  const owner = script === null ? null : packageOf(script.file);
  const program =
    script === null
      ? ([called, comm].find(name => AGENT_PROGRAM.test(name)) ?? null)
      : owner !== null && Object.hasOwn(AGENT_PACKAGES, owner)
        ? AGENT_PACKAGES[owner]!
        : AGENT_PROGRAM.test(baseName(script.file))
          ? baseName(script.file)
          : null;
  if (program === null) return null;
  return servesBy(script?.rest ?? args.slice(1)) ? program : null;
}

/** By an option before the first word, or by that word; what comes later is a prompt. */
function servesBy(rest: readonly string[]): boolean {
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i]!;
    if (SERVES.test(arg)) return true;
    if (arg === '-c' || arg === '--config' || arg === '--profile') i++;
    else if (!arg.startsWith('-')) return false;
  }
  return false;
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
function scriptOf(called: string, args: readonly string[]): Script | null {
  if (!INTERPRETERS.test(called) || (RUNTIMES.test(called) && COMMANDS.test(args[1] ?? ''))) return null;
  const found = (at: number, isModule: boolean): Script | null =>
    args[at] === undefined ? null : { file: args[at]!, isModule, rest: args.slice(at + 1) };
  for (let i = 1; i < args.length; i++) {
    const arg = args[i]!;
    if (INLINE.has(arg) || TITLED.test(`${called} ${arg}`)) return null;
    if (arg === '-m') return found(i + 1, true);
    if (arg === '-jar') continue;
    if (WITH_VALUE.has(arg)) i++;
    else if ((called === 'deno' || called === 'bun') && (arg === 'run' || arg === 'x')) continue;
    else if (!arg.startsWith('-')) return found(i, false);
  }
  return null;
}
