import type { Message, Post } from './message.js';

const PRIORITY = { info: 2, warning: 3, high: 4, critical: 5 };
const TAGS = { info: 'information_source', warning: 'warning', high: 'rotating_light', critical: 'fire' };
/** Longer ones arrive as attachments. */
const MAX_BODY_BYTES = 4000;

/** A topic of ntfy: https://docs.ntfy.sh/publish/. Title, priority and tags are headers, the body is the text. */
export function ntfy(message: Message): Post {
  const { heading, title, text, details, over, severity } = message;
  const lines = [text, ...details.map(({ label, value }) => `${label}: ${value}`)];
  return {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      title: headerText(`${heading}: ${title}`),
      priority: String(over ? 2 : PRIORITY[severity]),
      tags: over ? 'white_check_mark' : TAGS[severity],
    },
    body: cutBytes(lines.join('\n'), MAX_BODY_BYTES),
  };
}

/**
 * Text for a header: printable ASCII as it is, everything else as encoded words (RFC 2047), which ntfy decodes.
 * A line end could begin another header; as an encoded word it cannot.
 */
export function headerText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text.trim();
  const words: string[] = [];
  let chunk = '';
  // At most 75 characters a word: 45 bytes become 60.
  for (const char of text) {
    if (Buffer.byteLength(chunk + char) > 45) {
      words.push(chunk);
      chunk = '';
    }
    chunk += char;
  }
  words.push(chunk);
  return words.map(word => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

function cutBytes(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text;
  // A character that was cut in half decodes to U+FFFD.
  const kept = Buffer.from(text)
    .subarray(0, max - 3)
    .toString('utf8');
  return `${kept.replace(/\ufffd+$/, '')}…`;
}
