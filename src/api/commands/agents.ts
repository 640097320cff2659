import { z } from 'zod';
import { mayView } from '../socket/peer.js';
import { command, none, RequestError } from './definition.js';

/** About agents. */
export const agentCommands = {
  agents: command({
    params: none,
    open: false,
    run: (_, { view, sees }) =>
      view
        .agents(sees)
        .filter(agent => mayView(sees, agent.uid))
        .map(agent => view.agentFor(agent, sees)),
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
      return { ...report, agent: view.agentFor(report.agent, sees) };
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
        .map(owned => view.eventFor(owned, sees))
        .filter(owned => owned !== null)
        .map(owned => owned.event);
    },
  }),
};
