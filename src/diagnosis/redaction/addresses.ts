/** Secrets in addresses: `scheme://user:password@host`, `scheme://token@host`, `user:password@host`. */

const TOKEN = /[^\s'"`<>]+/g;
/** What stands in front of a colon and is no user: `npm:react@18`, `mailto:ann@example.org`, `From:ann@…`. */
const NO_USER =
  /^(?:npm|workspace|link|file|patch|portal|docker|oci|jsr|pkg|mailto|sips?|xmpp|acct|from|to|cc|bcc|reply-to|by|e-?mail|mail|author|sender|recipient|contact|maintainer|catalog|urn|purl)$/i;
/** What stands behind the @ and is no host: versions, digests, units of systemd, scopes of npm. */
const NO_HOST =
  /^(?:v?\d+(?:\.[\dx*]+){0,2}(?:-[\w.]+)?$|[\^~<>=*]|sha\d+[:-]|latest\b|next\b|beta\b|canary\b|head\b|\d*\.?(?:service|slice|scope|socket|timer|mount)\b|$)/i;

/** Looks at each word once. */
export function redactAddresses(text: string): string {
  return text.replace(TOKEN, word => {
    if (!word.includes('@')) return word;
    return word.includes('://') ? inUrl(word) : withoutScheme(word);
  });
}

function inUrl(word: string): string {
  const start = word.indexOf('://') + 3;
  const slash = word.indexOf('/', start);
  const authority = word.slice(start, slash < 0 ? word.length : slash);
  const isHost = /^[^@:]*(?::\d{1,5})?$/.test(authority);
  // `http://localhost:5173/@vite/client`, `https://registry.npmjs.org/@scope/package`
  if (isHost && slash >= 0) return word;
  // Up to the last @: a password may hold a slash or an @ of its own.
  const at = authority.includes(':') ? word.lastIndexOf('@') : start + authority.lastIndexOf('@');
  if (at < start) return word;
  const user = word.slice(start, at);
  // A user alone is none, where it is only a login: ssh://git@host, sftp://ann@host.
  if (
    !user.includes(':') &&
    /^(?:git|ssh|svn\+ssh|git\+ssh|sftp|rsync|smb|nfs|vnc|rdp|x11)$/i.test(schemeOf(word, start)) &&
    user.length < 20
  )
    return word;
  return `${word.slice(0, start)}[redacted]${word.slice(at)}`;
}

function schemeOf(word: string, start: number): string {
  return /[A-Za-z][\w+.-]{0,20}$/.exec(word.slice(Math.max(0, start - 24), start - 3))?.[0] ?? '';
}

function withoutScheme(word: string): string {
  const at = word.lastIndexOf('@');
  const head = word.slice(0, Math.min(at, 300));
  const found = /^((?:.*[=(,])?(?::\w{1,20}:)?)([\w.+\\/-]{1,64}):/.exec(head);
  if (found === null) return word;
  const [whole, before, user] = found as unknown as [string, string, string];
  const password = word.slice(whole.length, at);
  if (
    password === '' ||
    NO_USER.test(user.slice(user.search(/[^/]*$/))) ||
    NO_HOST.test(word.slice(at + 1, at + 100))
  )
    return word;
  return `${before}${user}:[redacted]${word.slice(at)}`;
}
