import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fakeAgent, fakeEvent, fakeHealth } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { until } from '../daemon/until.js';
import { Built, Tmux } from './built.js';

let built: Built;
beforeAll(() => {
  built = new Built();
}, 120_000);
afterAll(() => built.remove());

describe('bin/vigil', () => {
  it('runs', () => {
    expect(built.run('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(built.run('agents', '--runtime-dir', '/nonexistent')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^vigil: no vigil daemon answers .*\n$/),
    });
  });

  it('says what to do when it was not built', () => {
    const bare = new Built({ compile: false });
    expect(bare.run('agents')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'vigil: not built yet: run make build\n',
    });
    bare.remove();
  });

  it.each(['18.19.0', '20.18.3'])('says that Node.js %s is too old', version => {
    const fake = join(built.dir, 'fake.cjs');
    writeFileSync(fake, `Object.defineProperty(process.versions, 'node', { value: '${version}' })`);
    const out = execFileSync('sh', [
      '-c',
      `"$0" -r "$1" "$2" agents 2>&1; echo $?`,
      process.execPath,
      fake,
      built.bin,
    ]);
    expect(out.toString()).toBe(`vigil: Node.js ${version} is too old: vigil needs 20.19 or later\n2\n`);
  });

  it('stays quiet when its reader goes away', async () => {
    const rig = await Rig.start();
    rig.daemon.past = Array.from({ length: 5000 }, () => ({ uid: 1, event: fakeEvent() }));
    const shell = spawn('sh', [
      '-c',
      '"$0" "$1" events --runtime-dir "$2" | head -1',
      process.execPath,
      built.bin,
      rig.dir,
    ]);
    let err = '';
    let out = '';
    shell.stderr.on('data', chunk => {
      err += chunk;
    });
    shell.stdout.on('data', chunk => {
      out += chunk;
    });
    await new Promise(resolve => shell.on('close', resolve));
    expect(err).toBe('');
    expect(out.split('\n')).toHaveLength(2);
    await rig.stop();
  });
});

describe('whoever prints for ever ends with who reads it, though nothing happens', {
  timeout: 60_000,
}, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
    rig.daemon.list = [fakeAgent()];
  });
  afterAll(() => rig.stop());

  it.each([
    ['bar waybar --follow', true],
    ['bar tmux -f', false],
    ['bar eww', true],
    ['bar eww --runtime-dir /nonexistent', true],
    ['events --follow', false],
    ['system --comm nobody-has-this-name', false],
  ])('%s', async (line, prints) => {
    // What a bar's own program gives it: a socket or a pipe.
    const words = line.split(' ');
    if (words[0] !== 'system' && !words.includes('--runtime-dir')) words.push('--runtime-dir', rig.dir);
    const child = spawn(process.execPath, [built.bin, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve(signal ?? code)));
    onTestFinished(() => void child.kill('SIGKILL'));
    if (prints) await new Promise(resolve => child.stdout.once('data', resolve));
    else await until('it to run', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'vigil\n');
    child.stdout.destroy();
    expect(await ended).toBe(0);

    const piped = spawn('sh', ['-c', '"$0" "$@" | :', process.execPath, built.bin, ...words]);
    onTestFinished(() => void piped.kill('SIGKILL'));
    expect(await new Promise(resolve => piped.once('exit', resolve))).toBe(0);
  });

  it('its terminal, too, whatever was said to SIGHUP', async () => {
    const tmux = new Tmux(80, 24);
    const pid = join(built.dir, 'pid');
    tmux.type(
      `sh -c 'trap "" HUP; echo $$ > ${pid}; exec "$0" "$1" events --follow --runtime-dir "$2"' ${process.execPath} ${built.bin} ${rig.dir}`,
    );
    tmux.key('Enter');
    await until(
      'it to run',
      () =>
        existsSync(pid) &&
        readFileSync(`/proc/${readFileSync(pid, 'utf8').trim()}/comm`, 'utf8') === 'vigil\n',
    );
    const run = `/proc/${readFileSync(pid, 'utf8').trim()}`;
    tmux.end();
    await until('it to end', () => !existsSync(run));
  });
});

describe('what a command loads', () => {
  /** Without a daemon: what it takes to ask one. */
  function loadedBy(...args: string[]): string[] {
    const list = join(built.dir, 'loaded');
    const hooks = join(built.dir, 'hooks.mjs');
    const start = join(built.dir, 'start.mjs');
    writeFileSync(
      hooks,
      `import { appendFileSync } from 'node:fs';
      export function load(url, context, next) {
        appendFileSync(${JSON.stringify(list)}, url + '\\n');
        return next(url, context);
      }`,
    );
    writeFileSync(
      start,
      `import { register } from 'node:module'; register('./hooks.mjs', ${JSON.stringify(`file://${start}`)});`,
    );
    rmSync(list, { force: true });
    const env = { ...process.env, VIGIL_RUNTIME_DIR: '/nonexistent', HOME: '/nonexistent' };
    spawnSync(process.execPath, ['--import', start, built.bin, ...args], { env });
    const files = readFileSync(list, 'utf8')
      .split('\n')
      .map(url => /.*\/(?:dist|node_modules)\/(.*)/.exec(url)?.[1])
      .filter(file => file !== undefined);
    expect(files).toContain('cli/main.js');
    return files;
  }

  const HEAVY =
    /^(zod|smol-toml|config\/(schema|sections|keys|load)|cli\/(watch|report|screen|live)|system|agents|daemon|proc|rules|session|store)\b/;

  it.each([
    'agents',
    'agents explain 1',
    'status',
    'alerts',
    'events',
    'health',
    'bar tmux',
    'focus next',
    'kill 1',
    'actions',
    'explain A1',
    'pause',
    'resume',
    'whitelist list',
    '--version',
    '--help',
    '--complete ',
    '--complete agents explain ',
  ])('vigil %s: no schema, and no other command’s work', line => {
    expect(loadedBy(...line.split(' ')).filter(file => HEAVY.test(file))).toEqual([]);
  });

  it('completion loads the schema for keys of the configuration only, and never the parser', () => {
    expect(loadedBy('--complete', 'config', 'get', 'log')).toContain('config/schema.js');
    expect(loadedBy('--complete', 'ag').filter(file => file.startsWith('yargs'))).toEqual([]);
  });
});

describe('vigil agents --watch, in a real terminal', { timeout: 30_000 }, () => {
  let rig: Rig;
  let tmux: Tmux;
  beforeAll(async () => {
    rig = await Rig.start();
    tmux = new Tmux(100, 24);
    await tmux.shows('$');
  });
  afterAll(async () => {
    tmux.end();
    await rig.stop();
  });

  const alternate = (): boolean => tmux.info('#{alternate_on}') === '1';

  it('shows the agents and each change at once, and leaves the terminal as it was', async () => {
    rig.daemon.list = [fakeAgent()];
    tmux.type(`echo before; ${built.bin} agents --watch --runtime-dir ${rig.dir}; echo "left $?"`);
    tmux.key('Enter');
    const first = await tmux.shows(/4242 +claude +WORKING +thinking/);
    expect(first).toMatch(/^vigil 0\.1\.0 · healthy · tracepoint · 1 agent\n/);
    expect(first).toContain('q leaves');
    expect(alternate()).toBe(true);

    // No tick needed: the event redraws it.
    rig.daemon.list = [fakeAgent({ state: 'WAITING', reason: 'approval', since: new Date().toISOString() })];
    rig.daemon.emit();
    await tmux.shows(/4242 +claude +WAITING +approval/);
    await tmux.shows(/approval +[1-9]s/);

    rig.daemon.list = [fakeAgent({ title: '\u001b[2J\u001b[31mtitle', cwd: '/x\ny' }), fakeAgent({ pid: 7 })];
    rig.daemon.emit();
    const hostile = await tmux.shows('/x\\ny');
    expect(hostile).toContain('\\x1b[2J\\x1b[31mtitle');

    rig.daemon.list = Array.from({ length: 50 }, (_, i) => fakeAgent({ pid: 100 + i }));
    rig.daemon.report = fakeHealth({ status: 'degraded', problems: ['something is missing'] });
    const many = await tmux.shows(/… \d+ more/);
    expect(many).toContain('! something is missing');
    tmux.resize(50, 15);
    const small = await tmux.shows(/^vigil 0\.1\.0 .*\n! something.*\n\n *PID/);
    expect(small.trimEnd().split('\n').length).toBeLessThanOrEqual(15);

    tmux.key('q');
    const after = await tmux.shows('left 0');
    expect(after).toContain('before');
    expect(after).not.toContain('WORKING');
    expect(alternate()).toBe(false);
    expect(tmux.info('#{cursor_flag} #{wrap_flag}')).toBe('1 1');
    tmux.type('clear; stty -a | grep -o " echo \\| icanon"');
    tmux.key('Enter');
    await tmux.shows(/^ ?icanon\n ?echo/m);
  });

  it.each([
    ['Ctrl-C', () => tmux.key('C-c')],
    ['SIGTERM', () => execFileSync('kill', [childOf(tmux.info('#{pane_pid}'))])],
  ])('%s leaves it, too', async (_, leave) => {
    rig.daemon.list = [];
    tmux.resize(100, 24);
    tmux.type(`clear; ${built.bin} agents --watch --runtime-dir ${rig.dir}; echo "left $?"`);
    tmux.key('Enter');
    await tmux.shows('No agents are running.');
    leave();
    await tmux.shows('left 0');
    expect(alternate()).toBe(false);
    expect(tmux.info('#{cursor_flag}')).toBe('1');
  });

  it('outlives its daemon and finds the next one', async () => {
    let own = await Rig.start();
    const { dir } = own;
    tmux.type(`clear; ${built.bin} agents --watch --runtime-dir ${dir}; echo "left $?"`);
    tmux.key('Enter');
    await tmux.shows('No agents are running.');
    await own.server.stop();
    await tmux.shows('! ');
    own.lock.release();
    own = new Rig({ dir });
    await own.server.start();
    own.daemon.list = [fakeAgent({ pid: 31337 })];
    expect(await tmux.shows('31337')).not.toContain('! ');
    tmux.key('q');
    await tmux.shows('left 0');
    await own.stop();
  });
});

function childOf(pid: string): string {
  return execFileSync('pgrep', ['-P', pid], { encoding: 'utf8' }).trim();
}
