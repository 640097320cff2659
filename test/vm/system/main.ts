/**
 * Runs in the machine, as root: everything that vigil should do on a whole system, before and after a reboot.
 * Exits 3 when the machine is to reboot and call it again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stage } from './check.js';
import { Follower, PlayedAgent } from './session.js';
import { startDesktop, workAndAsk } from './stages/agent.js';
import { codexWorks } from './stages/codex.js';
import { install } from './stages/install.js';
import { act, goWrong, journal } from './stages/machine.js';
import { booted, upgradeAndRemove } from './stages/reboot.js';
import { leave, survive } from './stages/survive.js';

const FIRST_BOOT_IS_OVER = '/var/tmp/first-boot-is-over';
const COMMAND_LINE = readFileSync('/proc/cmdline', 'utf8');

if (existsSync(FIRST_BOOT_IS_OVER)) {
  await stage('the second boot', booted);
  await stage('upgrade and removal', upgradeAndRemove);
  process.exit(0);
}

await stage('installation', install);
if (!/vigil\.parts=\S*\bsystem\b/.test(COMMAND_LINE)) process.exit(0);
const follower = new Follower();
await stage('following the daemon', () => follower.start());
const played = new PlayedAgent('claude-code');
const server = await startDesktop();
await stage('an agent at work', () => workAndAsk(played, follower, server));
await stage('trouble', () => goWrong(played));
await stage('actions', () => act(played));
await stage('the journal', journal);
follower.stop();
await stage('ends of the daemon', () => survive(played));
await stage('the agent’s end', () => leave(played, follower.heard));
if (COMMAND_LINE.includes(' vigil.codex')) await stage('an agent of another kind', codexWorks);
server.stop();
writeFileSync(FIRST_BOOT_IS_OVER, '');
process.exit(3);
