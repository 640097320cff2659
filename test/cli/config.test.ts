import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeHealth } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { type TestIo, vigil } from './io.js';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-config-'));
  file = join(dir, 'config.toml');
  writeFileSync(file, '# mine\n[actions]\nmode = "auto" # careful\n');
});
afterEach(() => rmSync(dir, { recursive: true }));

const run = (line: string[], over: Partial<TestIo> = {}) =>
  vigil(['config', ...line, '--config', file, '--runtime-dir', join(dir, 'run')], over);
const text = () => readFileSync(file, 'utf8');

describe('vigil config', () => {
  it('shows what is in effect, and what of it are defaults', async () => {
    const { code, out } = await run([]);
    expect(code).toBe(0);
    expect(out).toContain(`# ${file}: it exists\n`);
    expect(out).toContain('\n[actions]\nmode = "auto"\ndry_run = false  # default\n');
    // It could be a file.
    writeFileSync(file, out);
    expect(await run(['check'])).toMatchObject({ code: 0 });
    const { out: json } = await run(['show', '--json']);
    expect(JSON.parse(json)).toMatchObject({ file, exists: true, config: { actions: { mode: 'auto' } } });
  });

  it('shows lists of tables, and what the file says of itself harmlessly', async () => {
    writeFileSync(
      file,
      '[[agents]]\nname = "mine"\ncommands = ["a\\u001b[31m"]\n[[webhooks]]\ntype = "ntfy"\nurl_env = "URL"\n',
    );
    const { out } = await run(['show']);
    expect(out).toContain('[[agents]]\nname = "mine"\n');
    expect(out).toContain('[[webhooks]]\ntype = "ntfy"\nurl_env = "URL"\n');
    expect(out).not.toContain('\u001b');
  });

  it.each([
    [['get', 'actions.mode'], 0, 'auto\n', ''],
    [['get', 'actions.mode', '--json'], 0, '"auto"\n', ''],
    [['get', 'log_level'], 0, 'info\n', ''],
    [['get', 'ai.base_url'], 0, '', 'is not set'],
    [['get', 'sampling'], 0, '[sampling]\nsample_interval_normal_s = 10  # default\n', ''],
    [['get', 'actions.mod'], 2, '', 'did you mean "actions.mode"?'],
    [['path', '--json'], 0, '"exists":true', ''],
    [['check'], 0, 'is right', ''],
    [['check', '/nonexistent'], 2, '', '/nonexistent: there is no such file'],
    [['set', 'actions.mode', 'atuo'], 2, '', 'did you mean "auto"?'],
    [['set', 'actions.mod', 'auto'], 2, '', 'did you mean "actions.mode"?'],
    [['set', 'actions.mode'], 2, '', '<value> is missing: vigil config set <key> <value>'],
    [['set', 'agents', 'x'], 2, '', 'vigil config edit'],
  ])('%j', async (line, wantedCode, wantedOut, wantedErr) => {
    const { code, out, err } = await run(line);
    expect([code, out, err]).toEqual([
      wantedCode,
      expect.stringContaining(wantedOut),
      expect.stringContaining(wantedErr),
    ]);
    expect(text()).toBe('# mine\n[actions]\nmode = "auto" # careful\n');
  });

  it('a path alone for scripts, and whether it is there for people', async () => {
    rmSync(file);
    expect(await run(['path'])).toEqual({
      code: 0,
      out: `${file}\n`,
      err: 'vigil: it does not exist: the defaults hold\n',
    });
  });

  it('sets and unsets, and says that nobody has heard of it', async () => {
    expect(await run(['set', 'actions.mode', 'suggest'])).toEqual({
      code: 0,
      out: `actions.mode is "suggest" (was "auto") in ${file}\nNo daemon runs: it holds from the next start on.\n`,
      err: '',
    });
    expect(text()).toBe('# mine\n[actions]\nmode = "suggest" # careful\n');
    expect((await run(['set', 'actions.mode', 'suggest'])).out).toBe(
      `That is its value already in ${file}.\n`,
    );
    expect((await run(['unset', 'actions.mode'])).out).toContain('is "observe" (was "suggest")');
    expect(text()).toBe('# mine\n[actions]\n');
  });

  it('all mistakes of a file, with their lines', async () => {
    writeFileSync(file, 'log_level = "loud"\n[actions]\nmod = "auto"\n');
    const { code, out, err } = await run(['check']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(
      /config\.toml:1: "log_level" must be one of .*\n.*config\.toml:3: unknown key "actions\.mod"/,
    );
  });
});

describe('vigil config edit', () => {
  /** An editor that does what the script says with the file `$1`; each run takes the next script. */
  function editor(...scripts: string[]): Partial<TestIo> {
    const path = join(dir, 'editor');
    const turns = scripts.map((script, i) => `${i + 1}) ${script};;`).join('\n');
    writeFileSync(
      path,
      `#!/bin/sh\nn=$(cat ${dir}/n 2>/dev/null || echo 0); n=$((n+1)); echo $n >${dir}/n\ncase $n in\n${turns}\nesac\n`,
    );
    chmodSync(path, 0o755);
    return { env: { EDITOR: path } };
  }

  it('writes what is right', async () => {
    const { code, out } = await run(['edit'], editor('sed -i s/auto/suggest/ "$1"'));
    expect([code, out]).toEqual([0, expect.stringContaining(`${file} is written.`)]);
    expect(text()).toBe('# mine\n[actions]\nmode = "suggest" # careful\n');
  });

  it('is told of a mistake, edited again, and written then', async () => {
    const io = { ...editor('sed -i s/auto/atuo/ "$1"', 'sed -i s/atuo/observe/ "$1"'), ask: async () => 'y' };
    const { code, err } = await run(['edit'], io);
    expect(code).toBe(0);
    expect(err).toContain('config.toml:3: "actions.mode" must be one of');
    expect(text()).toContain('mode = "observe"');
  });

  it('given up, it leaves the file alone and loses nothing', async () => {
    const io = { ...editor('sed -i s/auto/atuo/ "$1"'), ask: async () => 'n' };
    const { code, err } = await run(['edit'], io);
    expect(code).toBe(2);
    expect(text()).toContain('mode = "auto"');
    const kept = /what you wrote is kept in (\S+)/.exec(err)?.[1];
    expect(readFileSync(kept!, 'utf8')).toContain('mode = "atuo"');
    rmSync(join(kept!, '..'), { recursive: true });
  });

  it.each([
    ['an editor that changes nothing', 'true', 0, 'Nothing was changed', ''],
    ['an editor that fails', 'sed -i s/auto/observe/ "$1"; exit 3', 2, '', 'ended with exit code 3'],
  ])('%s changes nothing', async (_what, script, wantedCode, wantedOut, wantedErr) => {
    const { code, out, err } = await run(['edit'], editor(script));
    expect([code, out, err]).toEqual([
      wantedCode,
      expect.stringContaining(wantedOut),
      expect.stringContaining(wantedErr),
    ]);
    expect(text()).toContain('mode = "auto"');
  });

  it('an editor that is not there', async () => {
    const { code, err } = await run(['edit'], { env: { VISUAL: '/nonexistent/ed --wait' } });
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('cannot start the editor /nonexistent/ed (ENOENT)'),
    ]);
  });
});

describe('with a daemon', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());
  const set = (key: string, value: string) =>
    vigil(['config', 'set', key, value, '--config', file, '--runtime-dir', rig.dir]);

  it('it says what holds at once and what needs a restart', async () => {
    rig.daemon.report = fakeHealth({ config: { file, problem: null, restart: [] } });
    expect((await set('actions.mode', 'suggest')).out).toContain('In effect now: actions.mode.\n');
    expect((await set('sensor.tier', 'procfs')).out).toContain(
      'Needs a restart (systemctl restart vigil): sensor.tier.\n',
    );
    expect(rig.daemon.reloads).toBe(2);
  });

  it('that reads another file it says so', async () => {
    const { code, out } = await set('actions.mode', 'suggest');
    expect(code).toBe(0);
    expect(out).toContain('The daemon that runs reads another file: /etc/vigil/config.toml.\n');
    expect(rig.daemon.reloads).toBe(0);
  });

  it('its file is the one that is meant, by every command', async () => {
    rig.daemon.report = fakeHealth({ config: { file, problem: null, restart: [] } });
    const ask = (...line: string[]) => vigil(['config', ...line, '--runtime-dir', rig.dir]);
    expect((await ask('path')).out).toBe(`${file}\n`);
    expect((await ask('get', 'actions.mode')).out).toBe('auto\n');
    expect((await ask('show')).out).toContain(`# ${file}: it exists\n`);
    expect((await ask('check')).out).toContain(`${file} is right`);
    expect((await ask('set', 'actions.mode', 'suggest')).out).toContain(`(was "auto") in ${file}\n`);
    expect((await ask('set', 'actions.mode', 'suggest')).out).toBe(`That is its value already in ${file}.\n`);
    expect((await ask('unset', 'actions.mode')).out).toContain(`in ${file}\n`);
    const edit = { env: { EDITOR: 'sed -i s/mine/yours/' } };
    expect((await vigil(['config', 'edit', '--runtime-dir', rig.dir], edit)).out).toContain(
      `${file} is written`,
    );
    expect(text()).toContain('# yours');
  });
});

it.each(['get actions.mode', 'set actions.mode auto', 'unset actions.mode', 'show', 'edit', 'path', 'check'])(
  'config %s: of a daemon that is named and does not answer the file is not known, and nothing is guessed',
  async line => {
    const { code, out, err } = await vigil(['config', ...line.split(' '), '--runtime-dir', join(dir, 'run')]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`${join(dir, 'run')}/vigil.sock: no such socket`);
    expect(err).toContain('Name the file: --config FILE');
  },
);
