import { REDACTED } from './named.js';

/**
 * Secrets that are handed over on standard input: `echo X | sudo -S …`, `docker login --password-stdin <<< X`,
 * `chpasswd <<EOF …`.
 */

/** Programs that read one. */
const READER =
  /(?:^|[\s;&(/"'])(?:sudo\s(?:[^|]{0,200}\s)?-[A-Za-z]{0,8}S|doas\b|su\b|passwd\b|chpasswd\b|chgpasswd\b|smbpasswd\b|htpasswd\b|mosquitto_passwd\b|kinit\b|gpg2?\b|openssl\b|cryptsetup\b|luksformat\b|wpa_passphrase\b|vault\b|bw\b|op\b|ssh-add\b|sshpass\b|ldap\w+\b|mysql\w*\b|nc\b|expect\b|pass\b|veracrypt\b|zfs\b|bitwarden\w*\b|faillock\b|age\b|ansible-vault\b|secret-tool\b|kubeseal\b|wrangler\b|fly(?:ctl)?\b|vercel\b|gh\s+(?:auth|secret)\b|glab\s+auth\b|security\b|pamtester\b)|\bsecrets?\s+(?:create|set|add|versions|put)\b|--(?:password|token|pass|secret|key|with-token|passphrase)[\w-]{0,10}stdin|--with-token\b|--passphrase-fd\b|--stdin\b|-(?:password|pass)-stdin\b/;
const WRITER = /(?:^|[\s;&(/"'])(?:echo|printf|print|yes)\b(?:\s+-[neE]{1,3}(?=\s))*\s+/g;
const HERE_STRING = /<<<\s*(?:\$?'[^']*'?|"(?:[^"\\]|\\.)*"?|\S+)/g;
const HERE_DOCUMENT = /<<-?\s*\\?["']?([A-Za-z_]\w{0,40})["']?/g;

export function redactPiped(text: string): string {
  if (!/\||<</.test(text)) return text;
  return redactHereDocuments(redactPipes(text));
}

/** A pipe, not the `||` of a shell. */
function redactPipes(text: string): string {
  const parts = text.split(/((?<!\|)\|(?!\|)&?)/);
  for (let at = 0; at < parts.length; at += 2) {
    const part = parts[at]!;
    if (!READER.test(part.slice(0, MAX_COMMAND))) continue;
    parts[at] = part.replace(HERE_STRING, `<<< ${REDACTED}`);
    if (at >= 2) parts[at - 2] = redactWritten(parts[at - 2]!);
  }
  return parts.join('');
}

/** So much of a command says which program it is. */
const MAX_COMMAND = 1_000;

/** Everything that the last `echo` of a command writes. */
function redactWritten(part: string): string {
  let from = -1;
  for (const found of part.matchAll(WRITER)) from = found.index + found[0].length;
  const to = part.trimEnd().length;
  if (from < 0 || from >= to) return part;
  return `${part.slice(0, from)}${REDACTED}${part.slice(to)}`;
}

function redactHereDocuments(text: string): string {
  let out = '';
  let copied = 0;
  HERE_DOCUMENT.lastIndex = 0;
  for (let found = HERE_DOCUMENT.exec(text); found !== null; found = HERE_DOCUMENT.exec(text)) {
    const from = found.index + found[0].length;
    const command = text.slice(Math.max(copied, found.index - MAX_COMMAND), found.index);
    if (text[found.index - 1] === '<' || !READER.test(command.slice(command.lastIndexOf('\n') + 1))) continue;
    const end = text.indexOf(`\n${found[1]}`, from);
    const to = end < 0 ? text.length : end;
    if (to > from) out += `${text.slice(copied, from)}\n${REDACTED}`;
    else out += text.slice(copied, from);
    copied = Math.max(to, from);
    HERE_DOCUMENT.lastIndex = copied;
  }
  return out + text.slice(copied);
}
