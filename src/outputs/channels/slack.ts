import type { Message, Post } from './message.js';

const EMOJI = {
  info: ':information_source:',
  warning: ':warning:',
  high: ':rotating_light:',
  critical: ':fire:',
};

/**
 * An incoming webhook of Slack: blocks, and a plain text for notifications.
 * https://api.slack.com/messaging/webhooks, https://api.slack.com/reference/surfaces/formatting#escaping
 */
export function slack(message: Message): Post {
  const { heading, title, text, details, over, severity } = message;
  const emoji = over ? ':white_check_mark:' : EMOJI[severity];
  const blocks = [
    section(`${emoji} *${escaped(heading)}*: ${escaped(title)}\n${escaped(text)}`),
    ...details.map(({ label, value }) => section(`*${label}:* ${escaped(value)}`)),
  ];
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: escaped(`${heading}: ${title}`), blocks }),
  };
}

/** `verbatim`: Slack makes no links and no mentions of its own out of it. */
function section(text: string): unknown {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** `<!channel>`, `<@U1>` and `<https://…|words>` are nothing but text then. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
