import type { Desktop } from './desktop.js';
import { launchBySystemd, terminalCommand, type VigilView } from './launch.js';

export interface ViewPlace {
  desktop: Pick<Desktop, 'windowPids' | 'launch'>;
  procRoot: string;
  /** The user's own. */
  runtimeDir: string;
  /** The daemon's. */
  daemonDir: string;
  busAddress: string;
}

/** Shows it in a terminal of its own. Null: done; else why it cannot be. Never rejects. */
export async function openView(view: VigilView, place: ViewPlace): Promise<string | null> {
  const { desktop, procRoot, runtimeDir, daemonDir, busAddress } = place;
  try {
    const command = terminalCommand(view, desktop.windowPids(), {
      procRoot,
      path: process.env.PATH ?? '',
      runtimeDir: daemonDir,
      node: process.execPath,
    });
    if (command === null) return 'no terminal program that it knows';
    if (await desktop.launch(command)) return null;
    return await launchBySystemd(command, runtimeDir, busAddress);
  } catch (error) {
    return (error as Error).message;
  }
}
