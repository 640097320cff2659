import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../src/outputs/channels/format.js';
import { type Message, messageOf, type Post } from '../../../src/outputs/channels/message.js';
import { headerText } from '../../../src/outputs/channels/ntfy.js';
import { terminalLine } from '../../../src/outputs/channels/terminal.js';
import { PLANTED } from '../../diagnosis/secrets.js';
import { change, TIME_MS } from './changes.js';

const TYPES = ['slack', 'discord', 'ntfy', 'json'] as const;
const options = { host: 'workstation', redact_home: true };
const HOSTILE = '<!channel> @everyone <@U1> *b* [x](http://evil) `c` & \r\nX-Evil: 1 \u001b[2J\u202e';

function message(
  over: Parameters<typeof change>[0] = {},
  type: Parameters<typeof change>[1] = 'alert_opened',
): Message {
  return messageOf(change(over, type), options);
}

/** As mail and ntfy decode it. */
function decodedHeader(text: string): string {
  return text
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, word) => Buffer.from(word, 'base64').toString());
}

describe.each(TYPES)('the format of %s', type => {
  it('holds no secret', () => {
    for (const { secret, text } of PLANTED) {
      const subject = { ...change().alert.subject, name: text, lineage: text };
      subject.processes = [{ ...subject.processes[0]!, cmdline: text }];
      const post = FORMATS[type](message({ title: text, text, suggestion: text, subject }));
      const all = `${JSON.stringify(post.headers)}${decodedHeader(post.headers.title ?? '')}${post.body}`;
      // Discord escapes some characters; the secret may not be there that way either.
      expect(all).not.toContain(secret);
      expect(all.replaceAll('\\', '')).not.toContain(secret.replaceAll('\\', ''));
    }
  });

  it('names homes only when it may', () => {
    expect(FORMATS[type](message()).body).not.toContain('/home/ann');
    const open = messageOf(change(), { host: 'workstation', redact_home: false });
    expect(FORMATS[type](open).body).toContain('/home/ann/shop');
  });

  it('can be sent, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(3000), (piece, times) => {
        const text = piece.repeat(times).slice(0, 4000);
        const post = FORMATS[type](message({ title: text, text, suggestion: text }));
        new Headers(post.headers);
        expect(Object.values(post.headers).join('')).toMatch(/^[\x20-\x7e]*$/);
        if (type !== 'ntfy') JSON.parse(post.body);
        if (type !== 'json') expect(post.body.length).toBeLessThan(16_000);
      }),
      { numRuns: 300 },
    );
  });
});

describe('Slack', () => {
  const parse = (post: Post) =>
    JSON.parse(post.body) as { text: string; blocks: { text: { text: string; verbatim: boolean } }[] };

  it('has blocks and a plain text', () => {
    const { text, blocks } = parse(FORMATS.slack(message()));
    expect(text).toBe('HIGH on workstation: 12 leftovers of the Claude session');
    expect(blocks[0]!.text.text).toBe(
      ':rotating_light: *HIGH on workstation*: 12 leftovers of the Claude session\nThey hold 3.6 GiB.',
    );
    expect(blocks.map(block => block.text.text)).toContain('*What to do:* End them with vigil kill.');
  });

  it('calls nobody', () => {
    const { text, blocks } = parse(FORMATS.slack(message({ title: HOSTILE, text: HOSTILE })));
    for (const shown of [text, ...blocks.map(block => block.text.text)])
      expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    expect(text).toContain('&lt;!channel&gt;');
    expect(blocks.every(block => block.text.verbatim)).toBe(true);
  });
});

describe('Discord', () => {
  const parse = (post: Post) =>
    JSON.parse(post.body) as {
      embeds: { title: string; description: string; color: number; timestamp: string; fields: unknown[] }[];
      allowed_mentions: unknown;
    };

  it('has an embed with a colour', () => {
    const { embeds } = parse(FORMATS.discord(message({ severity: 'critical' })));
    expect(embeds[0]).toMatchObject({ color: 0xed4245, timestamp: '2026-11-20T12:00:00.000Z' });
    expect(embeds[0]!.title).toBe('CRITICAL on workstation\\: 12 leftovers of the Claude session');
    expect(parse(FORMATS.discord(message({}, 'alert_resolved'))).embeds[0]!.color).toBe(0x57f287);
  });

  it('calls nobody, links nothing', () => {
    const { embeds, allowed_mentions } = parse(FORMATS.discord(message({ title: HOSTILE, text: HOSTILE })));
    expect(allowed_mentions).toEqual({ parse: [] });
    expect(embeds[0]!.description).toContain('\\<\\@U1\\>');
    expect(embeds[0]!.description).toContain('\\[x\\]\\(http\\://evil\\)');
  });

  it('keeps to the limits', () => {
    const { embeds } = parse(FORMATS.discord(message({ title: '*'.repeat(999), text: '*'.repeat(9999) })));
    expect(embeds[0]!.title.length).toBeLessThanOrEqual(256);
    expect(embeds[0]!.title).toMatch(/[^\\]…$/);
  });
});

describe('ntfy', () => {
  it('has title, priority and tags', () => {
    expect(FORMATS.ntfy(message())).toEqual({
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        title: 'HIGH on workstation: 12 leftovers of the Claude session',
        priority: '4',
        tags: 'rotating_light',
      },
      body: [
        'They hold 3.6 GiB.',
        'About: node (12 processes)',
        'Came from: claude (pid 4000) → npm → node',
        'Session: claude-code (pid 4000) in /home/[user]/shop, ended',
        'What to do: End them with vigil kill.',
      ].join('\n'),
    });
    expect(FORMATS.ntfy(message({}, 'alert_resolved')).headers).toMatchObject({
      priority: '2',
      tags: 'white_check_mark',
    });
  });

  it('lets no title begin another header', () => {
    const { title } = FORMATS.ntfy(message({ title: HOSTILE })).headers;
    expect(title).toMatch(/^[\x20-\x7e]+$/);
    expect(title).not.toContain('\n');
    expect(headerText('a\r\nX-Evil: 1')).toBe(
      `=?UTF-8?B?${Buffer.from('a\r\nX-Evil: 1').toString('base64')}?=`,
    );
    // What already looks like an encoded word is not decoded into something else.
    expect(decodedHeader(headerText('=?UTF-8?B?DQo=?='))).toBe('=?UTF-8?B?DQo=?=');
  });

  it('keeps every character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), text => {
        const header = headerText(`ü${text}`);
        for (const word of header.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
        expect(decodedHeader(header)).toBe(`ü${text}`);
      }),
    );
  });

  it('keeps its body below what would become a file', () => {
    const { body } = FORMATS.ntfy(message({ text: 'ü'.repeat(9000), suggestion: '→'.repeat(9000) }));
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
  });
});

describe('JSON', () => {
  it('leaves out most of hundreds of processes', () => {
    const { subject } = change().alert;
    const processes = Array.from({ length: 200 }, (_, pid) => ({ ...subject.processes[0]!, pid }));
    const body = JSON.parse(FORMATS.json(message({ subject: { ...subject, processes } })).body);
    expect(body.alert.subject.processes).toHaveLength(50);
  });

  it('is the change itself', () => {
    const body = JSON.parse(FORMATS.json(message()).body);
    expect(body).toMatchObject({
      host: 'workstation',
      type: 'alert_opened',
      time_ms: TIME_MS,
      alert: {
        id: 7,
        severity: 'high',
        numbers: { rss_bytes: 3_900_000_000 },
        subject: { processes: [{ pid: 4711 }] },
      },
    });
  });
});

describe('a line for the terminal', () => {
  it('tells what, how bad and what next', () => {
    expect(terminalLine(change())).toMatch(
      /^alert A\d+ \(high\): 12 leftovers of the Claude session: They hold 3\.6 GiB\. → End them with vigil kill\.$/,
    );
    expect(terminalLine(change({}, 'alert_resolved'))).toMatch(/^alert A\d+ \(over\): 12 leftovers.*GiB\.$/);
    expect(terminalLine({ ...change(), quiet: true })).toContain('(high, again)');
  });

  it('is one line and moves nothing', () => {
    const line = terminalLine(change({ title: HOSTILE, text: HOSTILE, suggestion: HOSTILE }));
    expect(line).not.toContain('\n');
    expect(line).not.toContain('\u001b');
    expect(line.length).toBeLessThan(900);
  });
});
