import { existsSync } from 'node:fs';
import { check, eventually, holds, same } from '../check.js';
import { alertOf, output, processes, run, service } from '../guest.js';
import { working } from './install.js';

/** After a reboot: it was started by systemd, and knows what was before. */
export async function booted(): Promise<void> {
  await check('it starts at boot', () =>
    eventually(120, async () => same(await service('ActiveState'), 'active')),
  );
  await check('by itself, once', async () => same(await service('NRestarts'), '0'));
  await working('at boot');
  await check('history outlives a reboot', async () => void (await alertOf('oom_kill')));
}

/** An upgrade keeps what the person has; removal keeps it too; purge keeps nothing. */
export async function upgradeAndRemove(): Promise<void> {
  await run('sh', '-c', 'echo "# mine" >>/etc/vigil/config.toml');
  const old = await service('MainPID');
  await check('it can be upgraded', async () => void (await run('dpkg', '-i', '/vigil-test/next.deb')));
  await check('then the new one runs', () =>
    eventually(120, async () => {
      same(await service('ActiveState'), 'active');
      holds((await service('MainPID')) !== old, 'it is still the old one');
    }),
  );
  await check('configuration and history outlive it', async () => {
    await run('grep', '-q', 'mine', '/etc/vigil/config.toml');
    await alertOf('oom_kill');
  });
  await check('it can be removed', async () => void (await run('dpkg', '-r', 'vigil')));
  await check('then nothing of it runs', () => {
    const running = processes().filter(({ command }) => command.includes('/usr/lib/vigil'));
    same(running.map(({ command }) => command).join(), '');
  });
  await check('configuration and history stay', () => {
    holds(existsSync('/etc/vigil/config.toml'), 'no configuration');
    holds(existsSync('/var/lib/vigil/vigil.db'), 'no history');
  });
  // Links of units and the list of dpkg stay until the purge, as with every package.
  await check('the program is gone', async () => {
    const programs = (await left()).split('\n').filter(path => /^\/(usr|run|lib)\//.test(path));
    same(programs.join(' '), '');
  });
  await check('it can be purged', async () => void (await run('dpkg', '-P', 'vigil')));
  await check('then nothing is left', async () => same(await left(), ''));
  await check('nor its group', async () => same(await output('getent', 'group', 'vigil'), ''));
}

/** Also what may be on /run; not the test's own disk, nor the folder in which the upgrade was made. */
const FIND =
  "find / /run -xdev \\( -path /vigil-test -o -path /var/tmp \\) -prune -o \\( -iname '*vigil*' -o -iname '*ebpf-ai-monitor*' \\) -print";

/** Files and folders of vigil's, without the units of this test. */
async function left(): Promise<string> {
  const found = await output('sh', '-c', FIND);
  const own = /vigil(-|\\x2d)(test|shell)/;
  return [...new Set(found.split('\n'))]
    .filter(path => path !== '' && !own.test(path))
    .sort()
    .join('\n');
}
