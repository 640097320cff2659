import { connectToDaemon } from '../../../api/client/index.js';
import { printable } from '../../../lib/text/printable.js';
import { CANNOT, defineCommand, OK } from '../../command.js';

const PING_MS = 2_000;

export const tray = defineCommand({
  usage: 'tray',
  describe: 'Keep an icon in the tray: red when no daemon answers, green when you have no agents',
  details: [
    'For the autostart of a desktop. While you have agents the daemon shows the icon, with its menu; this command shows one at all other times. It also takes back Quit until the next login. It runs until logout, or until Quit.',
  ],
  async run({ runtimeDir }, io) {
    const own = io.env.XDG_RUNTIME_DIR;
    if (!own?.startsWith('/')) {
      io.err('vigil: XDG_RUNTIME_DIR is not set: this needs a login session\n');
      return CANNOT;
    }
    const { optIn } = await import('../../../outputs/desktop/tray-opt-out.js');
    const { StandbyTray } = await import('../../../outputs/desktop/tray/standby.js');
    try {
      optIn(own);
    } catch (error) {
      io.err(`vigil: ${printable(own, 200)}/vigil: ${(error as Error).message}\n`);
      return CANNOT;
    }
    const log = (level: string, message: string) => {
      if (level === 'warn' || level === 'error') io.err(`vigil: ${printable(message, 400)}\n`);
    };
    const answers = () => isRunning(runtimeDir);
    const standby = new StandbyTray({ runtimeDir: own, answers, until_served: false, log });
    const end = await standby.run();
    if (end !== 'no_desktop') return OK;
    io.err('vigil: no session bus: this needs a desktop\n');
    return CANNOT;
  },
});

async function isRunning(runtimeDir: string | undefined): Promise<boolean> {
  try {
    const client = await connectToDaemon({ runtimeDir, timeoutMs: PING_MS });
    try {
      await client.call('ping');
      return true;
    } finally {
      client.close();
    }
  } catch {
    return false;
  }
}
