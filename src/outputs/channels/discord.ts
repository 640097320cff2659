import { iso } from '../../lib/time/time.js';
import type { Message, Post } from './message.js';

const COLOURS = { info: 0x5865f2, warning: 0xfee75c, high: 0xe67e22, critical: 0xed4245 };
const OVER = 0x57f287;

/** A webhook of Discord: one embed. https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function discord(message: Message): Post {
  const { heading, title, text, details, over, severity, time_ms } = message;
  const embed = {
    title: cut(escaped(`${heading}: ${title}`), 256),
    description: cut(escaped(text), 4096),
    color: over ? OVER : COLOURS[severity],
    fields: details.map(({ label, value }) => ({ name: label, value: cut(escaped(value), 1024) })),
    timestamp: iso(time_ms),
  };
  return {
    headers: { 'content-type': 'application/json' },
    // Nobody is called by what a process is named.
    body: JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } }),
  };
}

/** No Markdown, no links, no `<@1>`, no `<t:1>`. */
function escaped(text: string): string {
  return text.replace(/[\\`*_~|>#[\]()<@:-]/g, '\\$&');
}

/** Not between a backslash and what it escapes. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 2).replace(/\\*$/, '')}…`;
}
