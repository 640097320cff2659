import { type AgentReport, connectToDaemon, type HealthReport } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { clip } from '../../lib/text/width.js';
import { OK, UsageError } from '../command.js';
import type { Io } from '../io.js';
import { agentsTable } from './agents-table.js';
import { LiveScreen } from './live-screen.js';
import { LEAVE_KEYS, openScreen } from './screen.js';
import { paint } from './style.js';

/** `vigil agents --watch`: the table, alive, and nothing else. */

interface Picture {
  agents: readonly AgentReport[];
  health: HealthReport | null;
  /** Why the picture is old or empty. */
  trouble: string | null;
}

const TICK_MS = 1000;
/** However many events come: the screen is not drawn more often. */
const COALESCE_MS = 50;

export async function watchAgents(runtimeDir: string | undefined, io: Io): Promise<number> {
  if (io.columns === null) throw new UsageError('--watch needs a terminal; use: vigil events --follow');
  // Fails here, with the usual words, when there is no daemon.
  const first = await connectToDaemon({ runtimeDir });
  const screen = openScreen();
  io.endWithReader();
  let shown: Picture = { agents: [], health: null, trouble: 'connecting' };
  const draw = (): void => screen.draw(picture(shown, { ...io, columns: screen.columns }, screen.rows));
  const live = new LiveScreen({
    runtimeDir,
    tick_ms: TICK_MS,
    coalesce_ms: COALESCE_MS,
    async refresh(client) {
      const [agents, health] = await Promise.all([client.call('agents'), client.call('health')]);
      shown = { agents, health, trouble: null };
    },
    refreshed(trouble) {
      shown = { ...shown, trouble };
      draw();
    },
  });
  screen.onKeys(keys => {
    if (keys.some(key => LEAVE_KEYS.has(key))) screen.leave();
  });
  screen.onResize(draw);
  try {
    live.start(first);
    await screen.left;
    return OK;
  } finally {
    live.stop();
    screen.close();
  }
}

/** The whole screen: pure, so that it can be looked at in a test. */
export function picture(
  { agents, health, trouble }: Picture,
  io: Pick<Io, 'columns' | 'color' | 'now' | 'home'>,
  rows: number,
): string[] {
  const columns = io.columns ?? 80;
  const line = (text: string, ...styles: Parameters<typeof paint>[1]): string =>
    paint(clip(printable(text), columns), styles, io.color);
  const top = [
    line(headline(health, agents.length), 'bold'),
    ...notes(health, trouble).map(note => line(note, 'yellow')),
    '',
  ];
  const body = agents.length === 0 ? [line('No agents are running.')] : agentsTable(agents, io);
  const room = Math.max(2, rows - top.length - 1);
  const over = body.length - room;
  const shown = over > 0 ? [...body.slice(0, room - 1), line(`… ${over + 1} more`, 'dim')] : body;
  const space = Array<string>(Math.max(0, room - shown.length)).fill('');
  return [...top, ...shown, ...space, line('q leaves', 'dim')];
}

/** `vigil 0.1.0 · healthy · tracepoint · 1 agent` */
function headline(health: HealthReport | null, agents: number): string {
  if (health === null) return 'vigil';
  return `vigil ${health.version} · ${health.status} · ${health.sensor.tier} · ${counted(agents, 'agent')}`;
}

function notes(health: HealthReport | null, trouble: string | null): string[] {
  if (trouble !== null) return [`! ${trouble}`];
  return (health?.problems ?? []).slice(0, 3).map(problem => `! ${problem}`);
}
