/** What the name of an option, a variable, a field or a header says of its value. */

/** Anywhere in the name, once it is lower case and without separators: `AWS_SECRET_ACCESS_KEY`. */
const STEMS =
  /password|passwd|passphrase|passcode|passwort|kennwort|passkey|secret|apikey|appkey|authkey|accesskey|privatekey|signingkey|encryptionkey|encryptkey|decryptkey|masterkey|accountkey|storagekey|sharedkey|servicekey|licensekey|clientkey|deploykey|sshkey|sessionkey|hmackey|roottoken|apitoken|authtoken|accesstoken|refreshtoken|idtoken|sessiontoken|bottoken|csrftoken|xsrftoken|credential|connectionstring|connstr|webhook|mnemonic|seedphrase|recoverycode|bindpw|authenticationinfo/;

/** In one word: session ids of web servers (`PHPSESSID`), not `--session-id`, which agents have. */
const GLUED = /sessid|SESSID|SESSIONID|sessionid|connect\.sid/;

/** A word of the name, split at separators and capitals: `authToken`, `my.token`; not `tokenizer`, `author`. */
const WORDS: ReadonlySet<string> = new Set(
  `pass pwd pw pswd token auth authorization bearer cookie cookies jwt otp totp pin psk dsn sas sid creds cred
   passw passwds requirepass masterauth storepass keypass`.split(/\s+/),
);

/** Words that also mean something short and harmless (`sig=11`, `nonce`): only a longer value is one. */
const LONG: ReadonlySet<string> = new Set('sig signature hmac salt nonce pat'.split(' '));
const LONG_CHARS = 6;

/** Words beside which only a value that looks random is one. */
const WEAK: ReadonlySet<string> = new Set('key keys tokens session code license serial'.split(' '));

/** `OPENAI_KEY=…`, as variables are written; where a key lies is no secret. */
const VARIABLE = /^[A-Z0-9_]*KEY$/;

/** Ends of words that no separator tells apart: PGPASS, MYSQLPWD, DBPW, GHTOKEN. */
const TAIL = /(?:pass|pwd|pw|token|psk|auth)$/;
const NOT_TAIL: ReadonlySet<string> = new Set(
  'askpass bypass compass trespass surpass unauth noauth'.split(' '),
);

/** A last word that says of the name before it: not the secret, but where or how it is kept. */
const ABOUT: ReadonlySet<string> = new Set(
  `file files path dir directory folder stdin fd fds env jar type types policy ttl expiry expires expiration length
   len size count counts limit limits max min store provider format helper command cmd timeout prompt hint field
   name names method mode version algorithm algo rounds authentication manager engine backend url uri endpoint
   enabled disabled required rotation age usage used budget per window rate spec socket sock address`.split(
    /\s+/,
  ),
);
/** A first word that makes a question of it: `--no-password`, `--ask-pass`, `--use-auth`. */
const SWITCH: ReadonlySet<string> = new Set(
  'no ask without with disable enable use has is skip max min num total'.split(' '),
);

export type Secrecy = 'secret' | 'long' | 'perhaps' | 'no';

/** Longer names are judged by their end. */
const MAX_NAME = 80;

export function secrecyOf(name: string): Secrecy {
  const short = name.length > MAX_NAME ? name.slice(-MAX_NAME) : name;
  const words = short
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '');
  const secrecy = plainSecrecy(short, words);
  if (secrecy === 'no' || words.length < 2) return secrecy;
  return ABOUT.has(words.at(-1)!) || SWITCH.has(words[0]!) ? 'perhaps' : secrecy;
}

function plainSecrecy(name: string, words: readonly string[]): Secrecy {
  if (STEMS.test(name.toLowerCase().replace(/[^a-z0-9]/g, '')) || GLUED.test(name)) return 'secret';
  if (words.some(word => WORDS.has(word) || (TAIL.test(word) && !NOT_TAIL.has(word)))) return 'secret';
  if (words.some(word => LONG.has(word)) || VARIABLE.test(name)) return 'long';
  return words.some(word => WEAK.has(word) || (word.length > 5 && word.endsWith('key'))) ? 'perhaps' : 'no';
}

/** Whether a value beside such a name is to be taken out. */
export function isSecretValue(secrecy: Secrecy, value: string): boolean {
  if (value === '' || /^(?:true|false|null|nil|none|undefined|yes|no|on|off|\*+)[,;}\])]*$/i.test(value))
    return false;
  if (/^\$\{?[A-Z][A-Z0-9_]{2,}\}?$/.test(value)) return false;
  if (secrecy === 'secret') return true;
  if (secrecy === 'long') return value.length >= LONG_CHARS && !isPlace(value);
  if (secrecy === 'no' || value.length < 16 || isPlace(value) || isUuid(value)) return false;
  return /\d/.test(value) && entropy(value) >= 3;
}

/** A file or a folder. */
export function isPlace(value: string): boolean {
  return (
    /^(?:\/|\.{1,2}\/|~|file:|unix:|[A-Za-z]:\\)/.test(value) ||
    /\.(?:pem|key|crt|cer|pub|json|ya?ml|toml|txt|env|p12|pfx|js|ts|py|sh)$/.test(value)
  );
}

export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** Shannon's, in bits for each character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  let length = 0;
  for (const char of text) {
    counts.set(char, (counts.get(char) ?? 0) + 1);
    length++;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}
