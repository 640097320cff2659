import { isShell } from '../../lib/process/shells.js';
import type { ProcessFacts } from '../../model/observation.js';
import { baseName } from './identity.js';

/** Interpreters that a `#!` line names, beside shells; a version may follow the name. */
const INTERPRETERS = new Set([
  ...[
    'node',
    'nodejs',
    'bun',
    'deno',
    'ts-node',
    'tsx',
    'python',
    'pypy',
    'xonsh',
    'uv',
    'perl',
    'raku',
    'ruby',
  ],
  ...[
    'jruby',
    'php',
    'lua',
    'luajit',
    'tclsh',
    'wish',
    'expect',
    'awk',
    'gawk',
    'mawk',
    'sed',
    'Rscript',
    'julia',
  ],
  ...[
    'guile',
    'racket',
    'scheme',
    'sbcl',
    'clisp',
    'bb',
    'clojure',
    'java',
    'groovy',
    'scala',
    'kotlin',
    'escript',
  ],
  ...[
    'elixir',
    'runghc',
    'runhaskell',
    'stack',
    'ocaml',
    'nu',
    'elvish',
    'pwsh',
    'osh',
    'ysh',
    'rc',
    'es',
    'busybox',
  ],
  ...[
    'make',
    'nix-shell',
    'nix',
    'cargo',
    'go',
    'dotnet',
    'gjs',
    'qjs',
    'cscript',
    'swift',
    'crystal',
    'nim',
    'vala',
  ],
]);
/** Of `env`, `uv run` and their like, before the file. */
const COMMANDS = new Set(['run', '--script', 'shell']);

/**
 * The file that an interpreter runs, as a `#!` line or a person would have it: its first argument that is no option. Null:
 * it is no interpreter, or it runs what stands in its arguments.
 */
export function scriptFile({ exe, argv }: Pick<ProcessFacts, 'exe' | 'argv'>): string | null {
  const program = baseName(exe ?? argv[0] ?? '');
  const called = baseName(argv[0] ?? '');
  if (![program, called].some(isInterpreter)) return null;
  for (const arg of argv.slice(1)) {
    // `sh -c`, `perl -e`, `bash -lc`: no file.
    if (/^-[a-z]*[ce]$/.test(arg)) return null;
    if (!arg.startsWith('-') && !COMMANDS.has(arg)) return arg;
  }
  return null;
}

function isInterpreter(name: string): boolean {
  const bare = name.replace(/^-/, '');
  return isShell(bare) || INTERPRETERS.has(bare) || INTERPRETERS.has(bare.replace(/-?[\d.]+$/, ''));
}
