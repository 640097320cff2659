import type { ProcessFacts } from '../../model/observation.js';

/** What a process is, as far as its name goes: the parts that agent kinds match on. */
export interface Identity {
  /** Executable's base name, wrapper decorations removed (`.foo-wrapped`, `foo.exe` → `foo`). */
  program: string;
  exe: string;
  /** Base name of argv[0]: what it calls itself. */
  called: string;
  /** Path of the script when the executable is an interpreter, else null. */
  script: string | null;
  /** The arguments after the program (and its script). */
  args: string[];
}

const INTERPRETERS = /^(node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|MainThread)$/;
/** Options of node and python that take a value in the next argument. */
const TAKES_VALUE = new Set(['-r', '--require', '--import', '--loader', '-C', '--conditions', '-W', '-X']);

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function undecorated(name: string): string {
  const wrapped = /^\.(.+)-wrapped_?$/.exec(name);
  return (wrapped?.[1] ?? name).replace(/\.exe$/, '');
}

/**
 * Splits a command line into program, script and arguments.
 *
 * An interpreter that rewrote its own title (`process.title = 'gemini'`) has a single argument left: then
 * `called` is that title and `script` is null.
 */
export function identify(process: Pick<ProcessFacts, 'exe' | 'argv'>): Identity {
  const argv0 = process.argv[0] ?? '';
  const exe = process.exe ?? argv0;
  const program = undecorated(baseName(exe));
  const called = undecorated(baseName(argv0.split(' ')[0] ?? ''));
  if (!INTERPRETERS.test(program)) return { program, exe, called, script: null, args: process.argv.slice(1) };
  let i = 1;
  for (; i < process.argv.length; i++) {
    const arg = process.argv[i] as string;
    if (arg === '-m')
      return { program, exe, called, script: process.argv[i + 1] ?? null, args: process.argv.slice(i + 2) };
    if (arg === '-c' || arg === '-e' || arg === '-p') return { program, exe, called, script: null, args: [] };
    if (!arg.startsWith('-')) break;
    if (TAKES_VALUE.has(arg)) i++;
  }
  return { program, exe, called, script: process.argv[i] ?? null, args: process.argv.slice(i + 1) };
}

/**
 * True when the process is the program `name`: its executable has that base name, or an interpreter runs
 * a script of that base name or out of the npm or Python package `pkg`, or renamed itself so.
 */
export function isProgram(id: Identity, names: readonly string[], packages: readonly string[] = []): boolean {
  if (names.includes(id.program)) return true;
  if (packages.some(pkg => id.exe.includes(`/${pkg}/`))) return true;
  if (!INTERPRETERS.test(id.program)) return false;
  if (id.script === null) return names.includes(id.called);
  const script = baseName(id.script).replace(/\.(m?js|cjs|py)$/, '');
  return (
    names.includes(undecorated(script)) ||
    packages.some(pkg => id.script?.includes(`/${pkg}/`) || id.script === pkg)
  );
}

/**
 * The arguments that are neither options nor the values of those in `takesValue`. A value in the same
 * argument (`--model=x`) needs no mention there.
 */
export function positionals(args: readonly string[], takesValue?: ReadonlySet<string>): string[] {
  const found: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') return [...found, ...args.slice(i + 1)];
    if (!arg.startsWith('-')) found.push(arg);
    else if (takesValue?.has(arg)) i++;
  }
  return found;
}

/** The first of them: a subcommand, if the program has them. */
export function subcommand(args: readonly string[], takesValue?: ReadonlySet<string>): string | null {
  return positionals(args, takesValue)[0] ?? null;
}

/** True when one of the options is given, alone or as `--name=value`. */
export function hasOption(args: readonly string[], ...names: string[]): boolean {
  for (const arg of args) {
    if (arg === '--') return false;
    if (names.includes(arg) || names.some(name => name.startsWith('--') && arg.startsWith(`${name}=`)))
      return true;
  }
  return false;
}
