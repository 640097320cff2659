import { entropy } from './secret-shapes.js';

/**
 * Secrets that are known by the name beside them: `--token=…`, `--password …`, `API_KEY=…`, `"secret": "…"`,
 * `-p…`, `-u user:…`.
 */

const REDACTED = '[redacted]';

/** Anywhere in the name, once it is lower case and without separators: `AWS_SECRET_ACCESS_KEY`. */
const STEMS =
  /password|passwd|passphrase|passcode|secret|apikey|accesskey|privatekey|signingkey|encryptionkey|encryptkey|masterkey|accountkey|storagekey|sharedkey|servicekey|licensekey|clientkey|deploykey|sshkey|apitoken|authtoken|accesstoken|refreshtoken|idtoken|sessiontoken|credential|connectionstring|webhook|mnemonic|seedphrase/;

/** A word of the name, split at separators and capitals: `authToken`, `my.token`; not `tokenizer`, `author`. */
const WORDS = new Set([
  ...[
    'pass',
    'pwd',
    'pw',
    'pswd',
    'token',
    'auth',
    'authorization',
    'bearer',
    'cookie',
    'cookies',
    'jwt',
    'otp',
  ],
  ...[
    'totp',
    'pin',
    'psk',
    'sig',
    'signature',
    'dsn',
    'sas',
    'hmac',
    'salt',
    'nonce',
    'sessionid',
    'sid',
    'pat',
  ],
]);

/** Words beside which only a value that looks random is one. */
const WEAK = new Set([
  'key',
  'keys',
  'tokens',
  'session',
  'hash',
  'code',
  'id',
  'license',
  'serial',
  'user',
  'url',
]);

export type Secrecy = 'secret' | 'perhaps' | 'no';

/** What the name of an option, a variable or a field says of its value. */
export function secrecyOf(name: string): Secrecy {
  if (STEMS.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''))) return 'secret';
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  // PGPASS, MYSQLPWD: no separator tells.
  if (words.some(word => WORDS.has(word) || /(?:pass|pwd|token)$/.test(word))) return 'secret';
  return words.some(word => WEAK.has(word)) ? 'perhaps' : 'no';
}

/** A name, and what separates it from its value: `=`, `:`, or for options a space. */
const NAME = /(?<![\w-])(-{0,2})([A-Za-z_][\w.-]{0,79})(["']?\s{0,3}[=:]\s{0,3}|\s{1,3}(?=\S))/g;
const QUOTED = /"(?:[^"\\]|\\.)*"?|'[^']*'?/y;
const BARE = /[^\s"'&;,]+/y;
const WHOLE = /[^\s"']+/y;

/** Replaces the values of what is named like a secret. */
export function redactNamed(text: string): string {
  // The short options first: which program it is must still be readable.
  return redactLong(redactShort(text));
}

function redactLong(text: string): string {
  let out = '';
  let copied = 0;
  NAME.lastIndex = 0;
  for (let found = NAME.exec(text); found !== null; found = NAME.exec(text)) {
    const [, dashes, name, separator] = found as unknown as [string, string, string, string];
    const spaced = separator.trim() === '';
    if (spaced && dashes === '') continue;
    const secrecy = secrecyOf(name);
    const start = found.index + found[0].length;
    if (secrecy === 'no') {
      // The value may itself be `name=value`: go on right behind the separator.
      NAME.lastIndex = start;
      continue;
    }
    const value = valueAt(text, start, inQuery(text, found.index));
    NAME.lastIndex = start;
    if (value === '' || (spaced && value.startsWith('--'))) continue;
    if (secrecy === 'perhaps' && !(value.length >= 16 && /\d/.test(value) && entropy(value) >= 3)) continue;
    out += text.slice(copied, start) + instead(value);
    copied = start + value.length;
    NAME.lastIndex = copied;
  }
  return out + text.slice(copied);
}

function valueAt(text: string, start: number, query: boolean): string {
  const first = text[start];
  const pattern = first === '"' || first === "'" ? QUOTED : query ? BARE : WHOLE;
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0] ?? '';
}

/** Values in the query of a URL end at `&`; those of options and variables may contain it. */
function inQuery(text: string, at: number): boolean {
  return text[at - 1] === '?' || text[at - 1] === '&';
}

/** Quotes stay, so that what surrounds the value still reads. */
function instead(value: string): string {
  const quote = value[0] === '"' || value[0] === "'" ? value[0] : '';
  return `${quote}${REDACTED}${quote !== '' && value.length > 1 && value.endsWith(quote) ? quote : ''}`;
}

/** Programs whose `-pVALUE` is a password. */
const PASSWORD_PROGRAMS = /\b(?:mysql\w*|mariadb[\w-]*|sshpass|mongo\w*|7z\w*|unzip|zip)\b/;

/** Programs with another letter for it. */
const LETTERS: readonly [program: RegExp, option: RegExp][] = [
  [/\bredis-cli\b/, /(?<=\s)(-a )\S+/g],
  [/\b(?:sqlcmd|bcp|isql|ipmitool)\b/, /(?<=\s)(-P ?)\S+/g],
  [/\bssh-keygen\b/, /(?<=\s)(-[NP] ?)\S+/g],
  [/\bldap\w+\b/, /(?<=\s)(-w ?)\S+/g],
  [/\bsnmp\w+\b/, /(?<=\s)(-[AX] ?)\S+/g],
];

/** One-letter options: `-p`, and `-u user:password` of curl and its kin. */
function redactShort(text: string): string {
  let out = text.replace(
    /(?<=\s)(-[uU]|--user|--proxy-user)([ =])([^\s:%]{1,200})([:%])[^\s]+/g,
    `$1$2$3$4${REDACTED}`,
  );
  out = out.replace(/(?<=\s)-p (?!-)([^\s]+)/g, (whole, value: string) =>
    harmless(value) ? whole : `-p ${REDACTED}`,
  );
  const always = PASSWORD_PROGRAMS.test(text);
  out = out.replace(/(?<=\s)-p([^\s=-][^\s]*)/g, (whole, value: string) =>
    always || (/\d/.test(value) && !harmless(value)) || /[^\w./:,-]/.test(value) ? `-p${REDACTED}` : whole,
  );
  for (const [program, option] of LETTERS) {
    if (program.test(text)) out = out.replace(option, `$1${REDACTED}`);
  }
  return out;
}

/** Ports, pids, paths and files: what `-p` mostly means. */
function harmless(value: string): boolean {
  return /^[\d:.,/a-z]*\d[\d:,/]*(?:\/(?:tcp|udp))?$/.test(value)
    ? /^[\d:.,]+(?:\/(?:tcp|udp))?$/.test(value)
    : /^(?:[./~]|[\w-]+\.(?:json|toml|ya?ml|js|ts|py)$)/.test(value);
}
