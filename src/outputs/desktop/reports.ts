import type { Out } from './out.js';
import { ATTACH_COMMAND, type HelperAgent, type HelperDesktop, idOf } from './protocol.js';

const MAX_UNSEEN = 9_999;
const MAX_AGENTS = 1_000;

/** What the daemon is told of this desktop; only what is new. */
export class Reports {
  private unseenSent = '[]';
  private desktopSent = '';
  private detachedSent = '[]';

  constructor(private readonly out: Out) {}

  /** What the person has not seen of each agent. */
  unseen(agents: readonly HelperAgent[], unseen: (id: number) => number): void {
    const counts = agents
      .map((agent): [number, number] => [idOf(agent), Math.min(MAX_UNSEEN, unseen(idOf(agent)))])
      .filter(([, count]) => count > 0)
      .slice(0, MAX_AGENTS);
    const text = JSON.stringify(counts);
    if (text === this.unseenSent) return;
    this.unseenSent = text;
    this.out.send({ type: 'unseen', counts });
  }

  /** Which of them nobody looks at, and what does. */
  detached(agents: readonly HelperAgent[], attach: (pid: number) => string | null): void {
    const commands = agents
      .map((agent): [number, string] => [idOf(agent), attach(agent.pid) ?? ''])
      .filter(([, command]) => ATTACH_COMMAND.test(command))
      .slice(0, MAX_AGENTS);
    const text = JSON.stringify(commands);
    if (text === this.detachedSent) return;
    this.detachedSent = text;
    this.out.send({ type: 'detached', commands });
  }

  /** For `vigil health`. */
  desktop(desktop: HelperDesktop): void {
    const text = JSON.stringify(desktop);
    if (text === this.desktopSent) return;
    this.desktopSent = text;
    this.out.send({ type: 'desktop', desktop });
  }
}
