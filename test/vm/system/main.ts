/**
 * Runs in the machine, as root: everything that vigil should do on a whole system, before and after a reboot.
 * Exits 3 when the machine is to reboot and call it again.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { Follower, PlayedAgent } from './session.js';
import { workAndAsk } from './stages/agent.js';
import { install } from './stages/install.js';
import { act, goWrong, journal } from './stages/machine.js';
import { booted, upgradeAndRemove } from './stages/reboot.js';
import { keep, leave, survive } from './stages/survive.js';

const FIRST_BOOT_IS_OVER = '/var/tmp/first-boot-is-over';

if (existsSync(FIRST_BOOT_IS_OVER)) {
  await booted();
  await upgradeAndRemove();
  process.exit(0);
}

await install();
const follower = new Follower();
const played = new PlayedAgent();
const server = await workAndAsk(played, follower);
await goWrong(played);
await act();
await journal();
keep(follower.heard);
follower.stop();
await survive(played);
await leave(played);
server.stop();
writeFileSync(FIRST_BOOT_IS_OVER, '');
process.exit(3);
