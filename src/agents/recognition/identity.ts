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

/** Those in which agents are written; each runs the script that is its first argument. */
const INTERPRETERS = /^(node|nodejs|bun|deno|python[\d.]*|pypy[\d.]*|MainThread)$/;
/** The program that counts is their first argument: dynamic loaders that were called by name, emulators. */
const LOADERS =
  /^(ld-linux[\w.-]*|ld-musl[\w.-]*|ld-[\d.]+\.so|ld\.so|qemu-(x86_64|aarch64)(-static)?|box64|FEXInterpreter)$/;
/** Options of interpreters and loaders that take a value in the next argument. */
const TAKES_VALUE = new Set([
  ...['-r', '--require', '--import', '--loader', '-C', '--conditions', '-W', '-X'],
  ...['--library-path', '--argv0', '--preload', '--inhibit-rpath', '-L', '-0'],
]);
/** `bun run script`, `deno run script`. What `x` runs is another process. */
const RUNS = new Set(['run', 'x']);

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What distributions and release archives add to the name of a program. */
const DECORATION =
  /(-(?:wrapped|unwrapped|raw)_*|-(?:x86_64|aarch64|x64|arm64)-(?:unknown-)?linux[\w-]*|-linux-(?:x64|arm64|x86_64|aarch64|amd64)[\w-]*|\.exe)$/;

function undecorated(name: string): string {
  let bare = name;
  while (DECORATION.test(bare)) bare = bare.replace(DECORATION, '');
  // A wrapper hides the program beside it: `.foo-wrapped`.
  return bare === name ? name : bare.replace(/^\./, '');
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
  const file = baseName(exe);
  if (LOADERS.test(file)) {
    const rest = process.argv.slice(firstOperand(process.argv));
    return rest[0] === undefined || LOADERS.test(baseName(rest[0]))
      ? { program: file, exe, called: file, script: null, args: [] }
      : identify({ exe: rest[0], argv: rest });
  }
  const program = undecorated(file);
  const called = undecorated(baseName(argv0.split(' ')[0] ?? ''));
  if (!INTERPRETERS.test(program)) return { program, exe, called, script: null, args: process.argv.slice(1) };
  return { program, exe, called, ...scriptOf(program, process.argv) };
}

function firstOperand(argv: readonly string[]): number {
  let i = 1;
  while (i < argv.length && argv[i]?.startsWith('-')) i += TAKES_VALUE.has(argv[i] as string) ? 2 : 1;
  return i;
}

/** What an interpreter runs: a file, or with `-m` a module. */
function scriptOf(program: string, argv: readonly string[]): Pick<Identity, 'script' | 'args'> {
  let i = 1;
  for (; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '-m') return { script: argv[i + 1] ?? null, args: argv.slice(i + 2) };
    if (arg === '-c' || arg === '-e' || arg === '-p') return { script: null, args: [] };
    const isCommand = RUNS.has(arg) && (program === 'bun' || program === 'deno');
    if (isCommand && arg === 'x') return { script: null, args: [] };
    if (!isCommand && !arg.startsWith('-')) break;
    if (TAKES_VALUE.has(arg)) i++;
  }
  return { script: argv[i]?.replace(/^npm:/, '') ?? null, args: argv.slice(i + 1) };
}

/**
 * True when the process is the program `name`: its executable has that base name, or an interpreter runs
 * a script of that base name or out of the npm or Python package `pkg`, or renamed itself so.
 */
export function isProgram(id: Identity, names: readonly string[], packages: readonly string[] = []): boolean {
  if (names.includes(id.program)) return true;
  if (packages.some(pkg => isIn(id.exe, pkg))) return true;
  if (!INTERPRETERS.test(id.program)) return false;
  if (id.script === null) return names.includes(id.called);
  const { script } = id;
  const name = baseName(script).replace(/\.(m?js|cjs|py)$/, '');
  return names.includes(undecorated(name)) || packages.some(pkg => isIn(script, pkg) || isSpec(script, pkg));
}

/** True for a file of the package itself, not of one that is installed inside it. */
function isIn(path: string, pkg: string): boolean {
  const at = path.lastIndexOf(`/${pkg}/`);
  return at >= 0 && !path.slice(at + pkg.length + 1).includes('/node_modules/');
}

/** `deno run npm:PACKAGE@1.2`, `python -m PACKAGE`. */
function isSpec(script: string, pkg: string): boolean {
  return script === pkg || script.startsWith(`${pkg}@`);
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

/** The values of an option, as `--name value` and as `--name=value`. */
export function valuesOf(args: readonly string[], name: string): string[] {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  return own.flatMap((arg, i) => {
    if (arg.startsWith(`${name}=`)) return [arg.slice(name.length + 1)];
    const value = own[i + 1];
    return arg === name && value !== undefined ? [value] : [];
  });
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
