import type { Options } from 'yargs';
import { type CliCommand, GLOBAL_OPTIONS } from './command.js';

/** The man page, from the same definitions as the parser and the help. */

type Described = Options & { describe: string };

export function manPage(commands: readonly CliCommand[], version: string): string {
  const lines = [
    '.\\" Made from src/cli/commands by scripts/docs.mjs: change those.',
    `.TH VIGIL 1 "" "vigil ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'vigil \\- know what your AI coding agents are doing, seen from the kernel',
    '.SH SYNOPSIS',
    '.B vigil',
    '.I COMMAND',
    '[options]',
    '.SH DESCRIPTION',
    ...paragraphs([
      'vigil watches the AI coding agents of a Linux machine (Claude Code, Codex and others) and says of each whether it is working, waiting for its person and for what, or how it ended. It needs no hook, plugin or setting in the agents: it observes processes and terminals through eBPF where it may, and reads what the agents write about themselves.',
      'One daemon watches; the other commands ask it over a Unix socket.',
    ]),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH OPTIONS',
    ...Object.entries({ ...GLOBAL_OPTIONS, ...BUILT_IN }).flatMap(([name, option]) =>
      optionLines(name, option),
    ),
    ...rest(),
  ];
  return `${lines.join('\n')}\n`;
}

const BUILT_IN: Record<string, Described> = {
  help: { type: 'boolean', alias: 'h', describe: 'Show help, of vigil or of a command' },
  version: { type: 'boolean', describe: 'Show the version' },
};

function commandLines(command: CliCommand): string[] {
  return [
    `.SS "vigil ${roff(command.usage)}"`,
    `${roff(command.describe)}.`,
    ...command.details.flatMap(text => ['.PP', roff(text)]),
    ...Object.entries(command.positionals).flatMap(([name, { describe }]) => [
      '.TP',
      `.I ${roff(name)}`,
      `${roff(describe)}.`,
    ]),
    ...Object.entries(command.options).flatMap(([name, option]) => optionLines(name, option)),
  ];
}

function optionLines(name: string, option: Described): string[] {
  const aliases = [option.alias ?? []].flat().map(alias => `\\fB\\-${roff(alias)}\\fR, `);
  const value = valueName(option);
  const tail = value === null ? '' : ` \\fI${roff(value)}\\fR`;
  return ['.TP', `${aliases.join('')}\\fB\\-\\-${roff(name)}\\fR${tail}`, `${roff(option.describe)}.`];
}

function valueName(option: Described): string | null {
  if (option.choices !== undefined) return option.choices.join('|');
  return option.type === 'boolean' ? null : 'VALUE';
}

function rest(): string[] {
  return [
    '.SH EXIT STATUS',
    ...terms([
      ['0', 'All is well.'],
      ['1', 'There is an answer, and it is a problem: degraded health, no such agent.'],
      ['2', 'There is no answer: the daemon is not running, wrong usage, a broken configuration.'],
    ]),
    '.SH FILES',
    ...terms([
      ['/etc/vigil/config.toml', 'Configuration of a daemon that runs as root.'],
      ['$XDG_CONFIG_HOME/vigil/config.toml', 'Configuration of a daemon that runs as anybody else.'],
      [
        '/run/vigil/vigil.sock, $XDG_RUNTIME_DIR/vigil/vigil.sock',
        'The socket; without XDG_RUNTIME_DIR it lies in /tmp/vigil-UID.',
      ],
      ['/var/lib/vigil, $XDG_STATE_HOME/vigil', 'What must survive a restart.'],
    ]),
    '.SH ENVIRONMENT',
    ...terms([
      ['VIGIL_RUNTIME_DIR', 'Folder of the socket, when --runtime-dir does not name one.'],
      ['NO_COLOR', 'No colours.'],
      ['VIGIL_DEBUG', 'Errors come with a stack trace.'],
    ]),
    '.SH SEE ALSO',
    '.BR bpftrace (8)',
  ];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => (i === 0 ? [roff(text)] : ['.PP', roff(text)]));
}

function terms(entries: readonly (readonly [string, string])[]): string[] {
  return entries.flatMap(([term, text]) => ['.TP', `.B ${roff(term)}`, roff(text)]);
}

/** No character of the text is a command to roff. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replace(/^([.'])/, '\\&$1');
}
