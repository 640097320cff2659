import { Desktop } from './compositors/desktop.js';
import { discover } from './compositors/discover.js';

/** Shows an agent of the user who runs this; answers why not, or null. For `vigil focus`. */
export async function showAgent(
  agent: { pid: number; title: string | null },
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const uid = process.geteuid!();
  const named = env.XDG_RUNTIME_DIR;
  const runtimeDir = named?.startsWith('/') ? named : `/run/user/${uid}`;
  const desktop = new Desktop({
    procRoot: '/proc',
    uid,
    log: () => {},
    now: () => performance.now(),
    changed: () => {},
    lost: () => {},
  });
  try {
    await desktop.use(discover(runtimeDir, uid).compositors);
    return await desktop.show(agent);
  } finally {
    desktop.close();
  }
}
