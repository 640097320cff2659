import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../src/cli/commands/index.js';
import { manPage } from '../../src/cli/man.js';
import { VERSION } from '../../src/lib/files/package.js';

const COMMANDS = await allCommands();

describe('man/vigil.1', () => {
  const page = manPage(COMMANDS, VERSION);

  it('is current: make docs writes it', () => {
    expect(readFileSync(new URL('../../man/vigil.1', import.meta.url), 'utf8')).toBe(page);
  });

  it('names every command and option', () => {
    for (const command of COMMANDS) {
      expect(page).toContain(`.SS "vigil ${command.usage.replaceAll('-', '\\-')}"`);
      for (const name of Object.keys(command.options)) expect(page).toContain(name.replaceAll('-', '\\-'));
    }
  });

  const groff = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], { input: page, encoding: 'utf8' });
  it.skipIf(groff.error !== undefined)('is clean roff', () => {
    expect(groff.stderr).toBe('');
  });
});
