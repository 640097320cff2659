import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapTexts, redact } from '../../src/diagnosis/redact.js';
import { HARMLESS, SECRETS } from './secret-contexts.js';
import { PLANTED } from './secrets.js';

const keep = { home: false };

/** Made to lead a careless pattern round in circles. */
const HOSTILE = [
  ...['a://a:', '-eyJaaaaa', '=+', '+=/', 'token=', 'token="', "key='", 'password\\"', '\\', 'a:', '@', ' '],
  ...['mysql -p', 'echo a|sudo -S ', 'chpasswd <<EOF ', 'name: token ', 'password={', 'password=[', '%25'],
  ...['&quot;', 'cookie: a=b;', "identified by '", '-----BEGIN PRIVATE KEY-----', 'auth: digest a,', 'Aa1/'],
  ...['9f', '-home-a', '--token ', '<password ', '$6$'],
];

describe('what leaves the machine', () => {
  it.each(PLANTED.map(planted => [planted.kind, planted] as const))(
    '%s is taken out',
    (_, { text, secret }) => {
      const out = redact(text, keep);
      expect(out).not.toContain(secret);
      expect(out).toContain('[redacted');
      // Nor half of it.
      expect(out).not.toContain(secret.slice(-8));
      expect(redact(out, keep)).toBe(out);
    },
  );

  it.each(SECRETS.map(({ text, secret }) => [text, secret]))(
    '%s keeps nothing of the secret',
    (text, secret) => {
      const out = redact(text, keep);
      expect(out).not.toContain(secret);
      expect(out).not.toContain(secret.slice(-6));
      expect(redact(out, keep)).toBe(out);
    },
  );

  it.each(HARMLESS)('%s stays', text => {
    expect(redact(text, keep)).toBe(text);
  });

  it('which program it is stays, whatever is taken from its arguments', () => {
    for (const { text } of SECRETS) {
      const program = /^[a-z][\w./-]*(?= )/.exec(text)?.[0];
      if (program !== undefined) expect(redact(text, keep)).toContain(program);
    }
  });

  it('home directories lose their names by choice', () => {
    const text = 'node /home/ann/shop/a.js /home/ann/.claude/projects/-home-ann-shop/x.jsonl';
    expect(redact(text, keep)).toBe(text);
    const out = redact(text, { home: true });
    expect(out).toBe('node /home/[user]/shop/a.js /home/[user]/.claude/projects/-home-[user]-shop/x.jsonl');
  });

  it('secrets are found wherever they stand, and a second pass finds nothing', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('--token', '-p', 'key', '=', ':', ' ', '"', '@', '://', '&'),
    );
    const noise = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(''));
    fc.assert(
      fc.property(noise, fc.constantFrom(...PLANTED), noise, (before, { text, secret }, after) => {
        const out = redact(`${before} ${text} ${after}`, { home: true });
        expect(out).not.toContain(secret);
        expect(redact(out, { home: true })).toBe(out);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(HOSTILE)('%j again and again costs time in proportion to its length', piece => {
    const text = (chars: number) => piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars);
    const cpu_ms = (chars: number) => {
      const spent = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        redact(text(chars), { home: true });
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      });
      return Math.min(...spent);
    };
    cpu_ms(2_000);
    // Four times the text: a quadratic cost would be sixteen times as high.
    expect(cpu_ms(60_000)).toBeLessThan(10 * cpu_ms(15_000) + 100);
  });

  it('of a text without end only the beginning is looked at and given back, cut between words', () => {
    const out = redact(`${'word '.repeat(13_105)}hunter2-${'Zx9q7Zp2'.repeat(200_000)}`, keep);
    expect(out.length).toBeLessThan(70_000);
    expect(out).not.toContain('hunter2');
  });

  it('goes through whole values', () => {
    expect(mapTexts({ a: ['--token=abc', 7, null], b: { c: 'x' } }, text => redact(text, keep))).toEqual({
      a: ['--token=[redacted]', 7, null],
      b: { c: 'x' },
    });
  });
});
