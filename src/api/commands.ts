import { z } from 'zod';
import { SEVERITIES } from '../alerts/alert.js';
import { alertReport } from './alert-report.js';
import type { Command, DaemonView, ErrorCode } from './contract.js';
import { mayView, type View } from './peer.js';

/** What can be asked: one entry each. */

export interface CommandContext {
  view: DaemonView;
  /** What the peer may see. */
  sees: View;
  clients: number;
  /** Sends events from now on. */
  follow(): void;
  /** Sends observations from now on. */
  record(): void;
}

export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

interface CommandDefinition<P extends z.ZodType = z.ZodType> {
  params: P;
  /** Answered even to a peer that is not known. */
  open: boolean;
  /** A promise is waited for; other requests of the client are answered meanwhile. */
  run(params: z.output<P>, context: CommandContext): unknown;
}

function command<P extends z.ZodType>(definition: CommandDefinition<P>): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

const none = z.strictObject({});
const MAX_ALERTS = 10_000;

export const COMMANDS: Readonly<Record<Command, CommandDefinition>> = {
  ping: command({ params: none, open: true, run: () => undefined }),
  health: command({
    params: none,
    open: true,
    run: (_, { view, clients }) => ({ ...view.health(), clients }),
  }),
  agents: command({
    params: none,
    open: false,
    run: (_, { view, sees }) => view.agents().filter(agent => mayView(sees, agent.uid)),
  }),
  alerts: command({
    params: z.strictObject({
      all: z.boolean().default(false),
      limit: z.int().min(1).max(MAX_ALERTS).default(1_000),
    }),
    open: false,
    run: async ({ all, limit }, { view, sees }) => {
      const uid = sees.kind === 'user' ? sees.uid : null;
      const alerts = all
        ? await view.allAlerts(limit, uid)
        : view
            .openAlerts()
            .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.id - a.id)
            .slice(0, limit);
      return alerts.filter(({ subject }) => mayView(sees, subject.uid)).map(alertReport);
    },
  }),
  explain: command({
    params: z.strictObject({ pid: z.int().min(1) }),
    open: false,
    run: ({ pid }, { view, sees }) => {
      const report = view.explain(pid);
      // Somebody else's agent and no agent at all look the same.
      if (report === undefined || !mayView(sees, report.agent.uid)) {
        throw new RequestError('not_found', `pid ${pid} belongs to no agent that vigil knows`);
      }
      return report;
    },
  }),
  record: command({
    params: none,
    open: false,
    run: (_, { view, sees, record }) => {
      if (sees.kind !== 'all') {
        throw new RequestError(
          'denied',
          'a recording holds everybody’s agents: only root and the group vigil may make one',
        );
      }
      record();
      return view.snapshot();
    },
  }),
  events: command({
    params: z.strictObject({ follow: z.boolean().default(false), limit: z.int().min(0).optional() }),
    open: false,
    run: ({ follow: wanted, limit }, { view, sees, follow }) => {
      const events = view.recentEvents().filter(owned => mayView(sees, owned.uid));
      if (wanted) follow();
      return events
        .slice(limit === undefined ? 0 : Math.max(0, events.length - limit))
        .map(owned => owned.event);
    },
  }),
};
