import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapTexts, redact } from '../../src/diagnosis/redact.js';
import { PLANTED } from './secrets.js';

const keep = { home: false };

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

  it.each([
    'node /srv/shop/server.js --port 3000 --max-tokens=4096',
    'python3 -m mcp_server --stdio --tokenizer cl100k',
    '/usr/bin/docker run -p 8080:80 -p 53:53/udp nginx:1.27',
    'tsc -p tsconfig.json',
    'ssh -p 2222 host',
    'find . -path ./a -print',
    'npm exec @modelcontextprotocol/server-filesystem /srv/data',
    'git show 9fceb02d0ae598e95dc970b74767f19372d61af8',
    'https://registry.npmjs.org/@scope/package',
    'oom-kill:constraint=CONSTRAINT_MEMCG,task=node,pid=4711,uid=1000',
    'ffmpeg -i a.mp4 -preset slow -pix_fmt yuv420p',
  ])('%s stays', text => {
    expect(redact(text, keep)).toBe(text);
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

  it('goes through whole values', () => {
    expect(mapTexts({ a: ['--token=abc', 7, null], b: { c: 'x' } }, text => redact(text, keep))).toEqual({
      a: ['--token=[redacted]', 7, null],
      b: { c: 'x' },
    });
  });
});
