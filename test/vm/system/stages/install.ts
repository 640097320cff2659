import { readFileSync } from 'node:fs';
import { check, eventually, holds, same } from '../check.js';
import { health, output, run, service } from '../guest.js';

/** The package installs, and what it installs starts, in its sandbox, with everything that it should have. */
export async function install(): Promise<void> {
  const bpftrace = await run('bpftrace', '--version');
  console.log(
    `KERNEL  ${await run('uname', '-r')}, ${bpftrace}, ${(await run('systemctl', '--version')).split('\n')[0]}`,
  );
  await check('dpkg -i', async () => void (await run('dpkg', '-i', '/vigil-test/vigil.deb')));
  await check('Type=notify', async () => same(await service('Type'), 'notify'));
  await check('it is active', () =>
    eventually(120, async () => same(await service('ActiveState'), 'active')),
  );
  await check('it is enabled for the next boot', async () =>
    same(await output('systemctl', 'is-enabled', 'vigil'), 'enabled'),
  );
  await check('the name of its predecessor answers', async () =>
    same(await output('systemctl', 'is-active', 'ebpf-ai-monitor'), 'active'),
  );
  await check('there is a group vigil', async () => void (await run('getent', 'group', 'vigil')));
  await working('after dpkg');
  await check('systemd shows its status', async () =>
    holds(/tier fentry/.test(await service('StatusText')), await service('StatusText')),
  );
  await check('it is shielded from the OOM killer', async () => {
    const pid = await service('MainPID');
    same(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '-900');
  });
  const exposure = (await output('systemd-analyze', 'security', '--no-pager', 'vigil')).split('\n').at(-1);
  console.log(`SANDBOX ${exposure}`);
  await check(
    'exposure at most 4.1',
    async () => void (await run('systemd-analyze', 'security', '--no-pager', '--threshold=41', 'vigil')),
  );
}

/** Tier fentry, healthy. */
export async function working(when: string): Promise<void> {
  await check(`tier fentry, ${when}`, async () => {
    const { sensor } = await eventually(60, health);
    same(sensor.tier, `fentry${sensor.tier === 'fentry' ? '' : `: ${sensor.tier_reason}`}`);
  });
  await check(`its health is full, ${when}`, () =>
    eventually(90, async () => {
      const { status, problems } = await health();
      same(status, status === 'healthy' ? status : `healthy: ${problems.join('; ')}`);
    }),
  );
}
