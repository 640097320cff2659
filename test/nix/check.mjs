// The NixOS module, evaluated for real in every way of cases.nix, its settings checked by vigil itself; and the flake.
// Needs nix-instantiate, nixpkgs' `lib` (NIXPKGS_LIB, or <nixpkgs>), and `make build`. Run: node --test test/nix
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'smol-toml';
import { loadConfig } from '../../dist/config/load.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const lib = process.env.NIXPKGS_LIB ?? '<nixpkgs/lib>';
const evaluated = file =>
  JSON.parse(
    execFileSync(
      'nix-instantiate',
      ['--eval', '--strict', '--json', '-E', `import ${here}${file} { lib = import ${lib}; }`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    ),
  );
/** Builds it as root does, without a sandbox, from what is here. The folder in the store. */
const built = file => {
  const given = `lib = import ${lib}; node = "${process.execPath}"; modules = "${here}../../node_modules";`;
  const options = { 'build-users-group': '', sandbox: 'false', substitute: 'false' };
  const args = ['--no-out-link', '-E', `import ${here}${file} { ${given} }`];
  for (const [name, value] of Object.entries(options)) args.push('--option', name, value);
  return execFileSync('nix-build', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
};
const cases = evaluated('eval.nix');
const folder = mkdtempSync(join(tmpdir(), 'vigil-nix-'));
test.after(() => rmSync(folder, { recursive: true }));

const refused = {
  noKey: /needs a key: set services\.vigil\.ai\.apiKeyFile/,
  noModel: /needs services\.vigil\.ai\.model/,
  keyInStore: /in the Nix store, where everybody can read it/,
  unknownUser: /services\.vigil\.users names bob, for whom there is no users\.users entry/,
  oldKernel: /needs Linux 5\.8 or later .* is 5\.4\.1/s,
  lockdown: /lockdown=confidentiality/,
};

for (const [name, { failed, settings }] of Object.entries(cases)) {
  if (name in refused) {
    test(`${name} is refused, once, in words`, () => {
      assert.equal(failed.length, 1);
      assert.match(failed[0], refused[name]);
    });
    continue;
  }
  test(`${name} is accepted`, () => assert.deepEqual(failed, []));
  if (settings === null) continue;
  test(`${name}: vigil takes the configuration`, () => {
    const file = join(folder, `${name}.toml`);
    writeFileSync(file, stringify(settings), { mode: 0o600 });
    loadConfig(file, { explicit: true });
  });
}

test('off leaves nothing', () => {
  const { etc, packages, service, members } = cases.off;
  assert.deepEqual([etc, packages, service, members], [[], [], null, null]);
});

test('the unit is the shipped one; nothing of it is set anew but what was asked for', () => {
  for (const [name, { packages, service }] of Object.entries(cases)) {
    if (name === 'off') continue;
    assert.deepEqual(packages, ['vigil']);
    assert.deepEqual(service.wantedBy, ['multi-user.target']);
    assert.deepEqual(service.aliases, ['ebpf-ai-monitor.service']);
    assert.equal(service.restartTriggers.length, 1);
    const asked = {
      full: ['EnvironmentFile', 'LoadCredential'],
      noModel: ['LoadCredential'],
      keyInStore: ['LoadCredential'],
    };
    assert.deepEqual(Object.keys(service.serviceConfig ?? {}).sort(), asked[name] ?? [], name);
  }
  // What other systems' [Install] section says is said here by wantedBy and aliases.
  const unit = readFileSync(join(here, '../../share/systemd/vigil.service'), 'utf8');
  assert.match(unit, /\[Install\]\nWantedBy=multi-user\.target\nAlias=ebpf-ai-monitor\.service\n/);
});

test('the options of the service before vigil mean what they meant', () => {
  const { settings, members, warnings } = cases.seed;
  assert.equal(settings.state.wait_threshold_ms, 2000);
  assert.equal(settings.log_level, 'warn');
  assert.deepEqual(settings.agents, [{ name: 'my-agent', commands: ['my-agent'] }]);
  assert.deepEqual(members, ['ann']);
  assert.ok(
    warnings.some(text => text.includes('services.vigil.waitThreshold')),
    warnings.join(),
  );
});

test('options become settings, and settings win', () => {
  assert.deepEqual(cases.minimal.settings.notifications.enabled, true);
  assert.equal(cases.minimal.settings.ai, undefined);
  assert.deepEqual(cases.quiet.settings.notifications.enabled, false);
  assert.deepEqual(cases.quiet.settings.badges.enabled, false);
  assert.equal(cases.settingsWin.settings.state.wait_threshold_ms, 3000);
  assert.equal(cases.settingsWin.settings.sensor.bpftrace, '/opt/bpftrace');
  const { settings, service } = cases.full;
  assert.equal(settings.notifications.quiet_hours, '22:00-07:00');
  assert.equal(settings.thresholds.ram_warn_percent, 75);
  assert.equal(settings.ai.api_key_env, 'ANTHROPIC_API_KEY');
  assert.deepEqual(service.serviceConfig.LoadCredential, ['ANTHROPIC_API_KEY:/run/secrets/anthropic']);
  assert.deepEqual(cases.minimal.kernel, ['BPF_SYSCALL', 'BPF_EVENTS', 'DEBUG_INFO_BTF']);
});

test('the flake offers the package, the module and what they are tested with', () => {
  const flake = evaluated('outputs.nix');
  const systems = ['aarch64-linux', 'x86_64-linux'];
  const { version } = JSON.parse(readFileSync(join(here, '../../package.json'), 'utf8'));
  for (const system of systems) {
    const { name, src, ...built } = flake.package[system];
    assert.deepEqual([name, built.version], ['vigil', version]);
    // What scripts/install.sh copies, and what the build reads.
    for (const folder of ['bin', 'bpf', 'contrib', 'docs', 'man', 'scripts', 'share', 'src'])
      assert.ok(src.includes(folder), `${folder} is not in the package's sources`);
    assert.match(built.installPhase, /PREFIX=\$out NODE=\S+\/bin\/\S+ sh scripts\/install\.sh install/);
    assert.ok(flake.shell[system].includes('bpftrace'));
    assert.deepEqual(flake.cases[system], Object.keys(cases));
    assert.equal(flake.machine[system], true);
  }
  assert.deepEqual(Object.keys(flake.package), systems);
  assert.deepEqual([flake.overlay, flake.overlays, flake.module], ['vigil', 1, [true]]);
});

test('the package is built by Nix, and what it installs runs', {
  skip: process.getuid() !== 0 && 'needs root',
}, () => {
  const out = built('build.nix');
  const { version } = JSON.parse(readFileSync(join(here, '../../package.json'), 'utf8'));
  assert.equal(execFileSync(join(out, 'bin/vigil'), ['--version'], { encoding: 'utf8' }).trim(), version);
  // NixOS takes the unit from the package.
  const unit = readFileSync(join(out, 'lib/systemd/system/vigil.service'), 'utf8');
  assert.match(unit, new RegExp(`^ExecStart=${out}/bin/vigil daemon$`, 'm'));
  for (const file of [
    'share/man/man1/vigil.1',
    'share/bash-completion/completions/vigil',
    'share/zsh/site-functions/_vigil',
    'share/fish/vendor_completions.d/vigil.fish',
    'share/vigil/contrib/waybar/vigil.jsonc',
  ])
    assert.ok(existsSync(join(out, file)), file);
});
