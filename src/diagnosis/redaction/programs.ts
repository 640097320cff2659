import { REDACTED } from './named.js';
import { secrecyOf } from './names.js';
import { PROGRAMS, type ProgramSecrets } from './program-table.js';

/**
 * Secrets among the arguments of well-known programs, by their place: `mysql -pX`, `sshpass -p X`, `vault login X`,
 * `nmcli … password X`, `htpasswd -b file user X`. The words of a text are looked at once, from left to right; a
 * program's habits hold until its command ends.
 */
export function redactProgramArguments(text: string): string {
  const spans: Span[] = [];
  collect(text, 0, new Command(), spans, 0);
  let out = '';
  let copied = 0;
  for (const { from, to } of spans) {
    if (from < copied) continue;
    out += text.slice(copied, from) + REDACTED;
    copied = to;
  }
  return out + text.slice(copied);
}

/** With quotes that are still there; line ends and what separates commands are words of their own. */
const WORD =
  /\n|-{1,2}[\w-]{1,40}=?(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(?:"(?:[^"\\\n]|\\.)*"(?=\s|$)|'[^'\n]*'(?=\s|$)|\S)\S*/g;
/** Several words in quotes, also behind an option: a command of its own, or a quotation mark too many before one. */
const QUOTED_WORDS = /^((?:-{1,2}[\w-]{1,40}=?)?)(["']).*\s.*\2$/s;
const ENDS_COMMAND = /^(?:\n|&&|\|\|?|;|&)$/;
/** `sh -c "su -c '…'"`: deeper nobody writes by hand. */
const MAX_DEPTH = 4;

/** Adds the secrets of a text, in order. */
function collect(text: string, offset: number, command: Command, spans: Span[], depth: number): void {
  for (const { 0: argument, index } of text.matchAll(WORD)) {
    const at = offset + index;
    if (ENDS_COMMAND.test(argument)) {
      spans.push(...command.end());
      continue;
    }
    const span = command.take(argument, at);
    const quoted = span === null && depth < MAX_DEPTH ? QUOTED_WORDS.exec(argument) : null;
    if (span !== null) spans.push(span);
    else if (quoted !== null) {
      const from = quoted[1]!.length + 1;
      collect(argument.slice(from, -1), at + from, command, spans, depth + 1);
    }
    if (argument.endsWith(';')) spans.push(...command.end());
  }
  if (depth === 0) spans.push(...command.end());
}

interface Span {
  from: number;
  to: number;
}

interface Active {
  habits: ProgramSecrets;
  /** Arguments that are to be skipped before a secret comes; null: none is expected. */
  skip: number | null;
  all: boolean;
  assigned: boolean;
  /** A letter that makes the last argument a secret was among the options. */
  lastCounts: boolean;
  plain: Span[];
}

/** One command: the programs named in it (`sudo sshpass … mysql …`), and what is expected next. */
class Command {
  private active: Active[] = [];
  private next: 'secret' | 'pair' | 'bare' | null = null;
  private previous = '';

  take(argument: string, at: number): Span | null {
    const span = this.secretOf(argument, at);
    this.previous = argument;
    this.start(argument);
    return span;
  }

  /** The command ends: what was its last argument may be the secret. */
  end(): Span[] {
    const spans = this.active.flatMap(({ lastCounts, plain }) =>
      lastCounts && plain.length >= MIN_PLAIN ? plain.slice(-1) : [],
    );
    this.active = [];
    this.next = null;
    this.previous = '';
    return spans.slice(0, 1);
  }

  private start(argument: string): void {
    const name = /[^/"'(`$=]*$/.exec(argument.slice(-64))?.[0] ?? '';
    const habits = ANY_PROGRAM.test(name) ? PROGRAMS.find(program => program.name.test(name)) : undefined;
    if (habits === undefined || this.active.some(active => active.habits === habits)) return;
    this.active.push({
      habits,
      skip: null,
      all: false,
      assigned: false,
      lastCounts: habits.last === true,
      plain: [],
    });
  }

  private secretOf(argument: string, at: number): Span | null {
    const { next } = this;
    this.next = null;
    const isOption = /^-{1,2}[A-Za-z]/.test(argument);
    if (next === 'pair') return pairSpan(argument, at, 0);
    if (next !== null && !(isOption && (argument.startsWith('--') || argument.length === 2)))
      return whole(argument, at);
    const general = this.generalSecret(argument, at);
    if (general !== null) return general;
    for (const active of this.active) {
      const span = this.byHabit(active, argument, at, isOption);
      if (span !== null) return span;
    }
    return null;
  }

  /** `-u user:secret` and `-p secret`, whatever the program. */
  private generalSecret(argument: string, at: number): Span | null {
    if (/^(?:-[uU]|--(?:proxy-)?user)$/.test(this.previous)) return pairSpan(argument, at, 0);
    const glued = /^(?:-[uU](?=[^-\s])|--(?:proxy-)?user=)/.exec(argument);
    if (glued !== null) return pairSpan(argument, at, glued[0].length);
    if (this.previous === '-p' && !argument.startsWith('-') && !harmless(argument))
      return whole(argument, at);
    const value = /^-p([^\s=-].*)$/s.exec(argument)?.[1];
    if (value === undefined || harmless(value)) return null;
    return /\d/.test(value) || /[^\w./:,-]/.test(value) ? { from: at + 2, to: at + argument.length } : null;
  }

  private byHabit(active: Active, argument: string, at: number, isOption: boolean): Span | null {
    const { habits } = active;
    if (habits.next?.includes(argument)) this.next = 'secret';
    if (habits.pair?.includes(argument)) this.next = 'pair';
    for (const option of [...(habits.next ?? []), ...(habits.glued ?? [])]) {
      const isGlued =
        option.startsWith('--') || habits.next?.includes(option) ? argument.startsWith(`${option}=`) : false;
      if (isGlued) return { from: at + option.length + 1, to: at + argument.length };
      if (habits.glued?.includes(option) && argument.startsWith(option) && argument.length > option.length)
        return { from: at + option.length, to: at + argument.length };
    }
    for (const option of habits.pair ?? [])
      if (argument.startsWith(`${option}=`)) return pairSpan(argument, at, option.length + 1);
    if (typeof habits.last === 'string' && /^-[A-Za-z]+$/.test(argument) && argument.includes(habits.last))
      active.lastCounts = true;
    const word = argument.toLowerCase().replace(/^["']|["']$/g, '');
    if (
      habits.bareNames &&
      !isOption &&
      /^[\w./:-]+$/.test(word) &&
      secrecyOf(word) === 'secret' &&
      !VERBS.has(word)
    )
      this.next = 'bare';
    if (habits.sends && /^(?:send|send_user|exp_send)$/.test(word)) this.next = 'bare';
    const assigned = this.assigned(active, argument, at);
    if (assigned !== null) return assigned;
    if (habits.slashed) return slashedSpan(argument, at);
    const leads = active.skip === null && habits.after?.some(({ words }) => words.includes(word));
    return isOption && leads !== true ? null : this.positional(active, argument, at, word);
  }

  private assigned(active: Active, argument: string, at: number): Span | null {
    const words = active.habits.assignedAfter;
    if (words === undefined) return null;
    if (words.includes(argument)) {
      active.assigned = true;
      return null;
    }
    const long = words.find(word => argument.startsWith(`${word}=`));
    const from = long === undefined ? 0 : long.length + 1;
    if (!active.assigned && long === undefined) return null;
    if (from === 0 && argument.startsWith('-')) return null;
    const equals = argument.indexOf('=', from);
    return equals < 0 || equals + 1 >= argument.length
      ? null
      : { from: at + equals + 1, to: at + argument.length };
  }

  private positional(active: Active, argument: string, at: number, word: string): Span | null {
    const { habits } = active;
    if (active.skip !== null) {
      if (active.skip === 0) {
        if (!active.all) active.skip = null;
        return argument.includes('=') && !active.all ? null : whole(argument, at);
      }
      active.skip--;
      return null;
    }
    const found = habits.after?.find(({ words }) => words.includes(word));
    if (found !== undefined) {
      active.skip = found.skip ?? 0;
      active.all = found.all ?? false;
      return null;
    }
    if (habits.last !== undefined && active.plain.length < MAX_PLAIN) active.plain.push(whole(argument, at));
    else if (habits.last !== undefined) active.plain[MAX_PLAIN - 1] = whole(argument, at);
    return null;
  }
}

/** Also subcommands: `gcloud auth login`, `npm token create`. */
const VERBS: ReadonlySet<string> = new Set([
  'auth',
  'token',
  'secret',
  'secrets',
  'credential',
  'credentials',
  'cookie',
]);
const ANY_PROGRAM = new RegExp(PROGRAMS.map(({ name }) => name.source).join('|'));
/** A user, or what a network is called, comes before a password. */
const MIN_PLAIN = 2;
const MAX_PLAIN = 4;

/** Without the quotes around it. */
function whole(argument: string, at: number): Span {
  const quote = argument[0];
  const isQuoted = argument.length > 1 && (quote === '"' || quote === "'") && argument.endsWith(quote);
  return isQuoted ? { from: at + 1, to: at + argument.length - 1 } : { from: at, to: at + argument.length };
}

/** What follows `user:`, `user%` or `user,`; null: there is only a user. */
function pairSpan(argument: string, at: number, from: number): Span | null {
  const found = /^["']?[^\s:%,]{0,200}[:%,](?=.)/s.exec(argument.slice(from));
  if (found === null) return null;
  const quote = argument[from];
  const end =
    (quote === '"' || quote === "'") && argument.endsWith(quote) ? argument.length - 1 : argument.length;
  const start = from + found[0].length;
  return end > start ? { from: at + start, to: at + end } : null;
}

/** `scott/tiger@db` */
function slashedSpan(argument: string, at: number): Span | null {
  const found = /^["']?[\w$#]{1,64}\/(?=[^/\s])/.exec(argument);
  if (found === null) return null;
  const end = argument.lastIndexOf('@');
  const to = end > found[0].length ? end : argument.length;
  return { from: at + found[0].length, to: at + to };
}

/** Ports, pids, paths and files: what `-p` mostly means. */
function harmless(value: string): boolean {
  return (
    /^\d{1,5}(?:-\d{1,5})?(?:[:,]\d{1,5}(?:-\d{1,5})?)*(?:\/(?:tcp|udp))?$/.test(value) ||
    /^(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}:\d{1,5}$/.test(value) ||
    /^[\d:.,]+(?:\/(?:tcp|udp))?$/.test(value) ||
    /^(?:[./~]|[\w-]+\.(?:json|toml|ya?ml|js|ts|py)$)/.test(value)
  );
}
