import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { health } from '../ask.js';
import { readPage } from './page.js';
import { apply, copyTree, stepsOf } from './recipe.js';

const MAX_BYTES = 64 * 1024 * 1024;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whoever does what docs/extending.md says, all of it, in a copy of the tree. */
describe('extending vigil as the page says', () => {
  let dir: string;
  let tree: string;
  let daemon: ChildProcess;
  let log = '';

  const run = (program: string, args: string[]) =>
    execFileSync(program, args, { cwd: tree, encoding: 'utf8', maxBuffer: MAX_BYTES, stdio: 'pipe' });
  const vigil = (...args: string[]) =>
    run(process.execPath, ['bin/vigil', ...args, '--runtime-dir', join(dir, 'run')]);
  const until = async <T>(what: string, look: () => T | null | undefined | false): Promise<T> => {
    for (let tries = 0; tries < 600; tries++) {
      try {
        const found = look();
        if (found) return found;
      } catch {
        // Not yet.
      }
      await sleep(100);
    }
    throw new Error(`${what}: not within a minute\n${log.slice(-2000)}`);
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-extending-'));
    tree = join(dir, 'tree');
    mkdirSync(join(dir, 'run'), { mode: 0o700 });
    writeFileSync(join(dir, 'config.toml'), '[sensor]\ntier = "procfs"\n');
    copyTree(ROOT, tree);
    for (const step of stepsOf(readPage('extending.md'))) apply(step, tree);
    run('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json']);
    daemon = spawn(
      process.execPath,
      [
        'bin/vigil',
        'daemon',
        ...['--runtime-dir', join(dir, 'run'), '--state-dir', join(dir, 'state')],
        ...['--config', join(dir, 'config.toml'), '--log-level', 'debug'],
      ],
      { cwd: tree, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [daemon.stdout!, daemon.stderr!])
      stream.on('data', chunk => {
        log += String(chunk);
      });
    await until('the daemon answers', () => vigil('entropy'));
  }, 300_000);

  afterAll(async () => {
    if (daemon?.exitCode === null) {
      const ended = new Promise(resolve => daemon.once('exit', resolve));
      daemon.kill();
      await ended;
    }
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  it('has a new file and a few lines for each, and nothing else', () => {
    const steps = stepsOf(readPage('extending.md'));
    const headings = [...new Set(steps.map(({ heading }) => heading))];
    for (const heading of headings) {
      const own = steps.filter(step => step.heading === heading);
      const added = own
        .filter(({ kind }) => kind === 'change')
        .flatMap(({ text }) => text.match(/^\+.+$/gm) ?? []);
      expect([heading, own.filter(({ kind }) => kind === 'create').length <= 1]).toEqual([heading, true]);
      expect([heading, added.length <= 3]).toEqual([heading, true]);
    }
  });

  it('passes the checks of the whole', () => {
    run('node_modules/.bin/biome', ['lint', '--vcs-enabled=false', 'src']);
    run('node_modules/.bin/depcruise', ['--config', '.dependency-cruiser.mjs', 'src']);
  });

  it('an output and a collector are in the health report', async () => {
    const { modules, collectors } = await health(join(dir, 'run'));
    expect(modules['turn counter']).toEqual({ ended: 0 });
    expect(collectors.map(({ name }) => name)).toContain('entropy');
  });

  it('a collector, an API command and a command answer', () => {
    expect(vigil('entropy')).toMatch(/^\d+ bits\n$/);
    expect(vigil('entropy', '--help')).toContain('What the random pool of the kernel holds');
  });

  it('a rule and its key are in the configuration, and the rule speaks', async () => {
    expect(vigil('config', 'get', 'thresholds.entropy_warn_bits')).toContain('64');
    vigil('config', 'set', 'thresholds.entropy_warn_bits', '4096');
    await until('the alert', () => vigil('alerts').includes('The random pool is low'));
  }, 90_000);

  it('a key has its default, and is checked', () => {
    expect(vigil('config', 'get', 'history.keep_sessions')).toContain('true');
    expect(() => vigil('config', 'set', 'history.keep_sessions', 'perhaps')).toThrow();
  });

  it('an agent of the new type is known', async () => {
    const program = join(dir, 'tinker');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const agent = spawn(program, ['600'], { stdio: 'ignore' });
    try {
      await until('the agent', () => vigil('agents').includes('tinker'));
    } finally {
      agent.kill();
    }
  }, 90_000);

  it('a source is heard', async () => {
    daemon.kill('SIGSTOP');
    await sleep(5_000);
    daemon.kill('SIGCONT');
    await until('the gap', () => log.includes('the machine has slept'));
  }, 90_000);

  it('all of it is in the references', () => {
    run(process.execPath, ['scripts/docs.mjs']);
    const page = (name: string) => readFileSync(join(tree, name), 'utf8');
    expect(page('docs/configuration.md')).toContain('entropy_warn_bits');
    expect(page('docs/rules.md')).toContain('entropy_low');
    expect(page('docs/api.md')).toContain('`entropy`');
    expect(page('man/vigil.1')).toContain('What the random pool of the kernel holds');
  });
});
