import { z } from 'zod';
import type { Work } from '../../lib/time/in-turns.js';
import type { Observation } from '../../model/observation.js';
import type { AgentReport, ExplainReport } from '../contract.js';
import { mayView } from '../socket/peer.js';
import { answered, type CommandContext, command, none, RequestError } from './definition.js';

function* agents({ view, sees }: CommandContext): Work<AgentReport[]> {
  const all = yield* view.agents(sees);
  return all.filter(agent => mayView(sees, agent.uid)).map(agent => view.agentFor(agent, sees));
}

function* explain(pid: number, { view, sees }: CommandContext): Work<ExplainReport> {
  const report = yield* view.explain(pid);
  // Somebody else's agent and no agent at all look the same.
  if (report === undefined || !mayView(sees, report.agent.uid)) {
    throw new RequestError('not_found', `pid ${pid} belongs to no agent that vigil knows`);
  }
  return { ...report, agent: view.agentFor(report.agent, sees) };
}

/** What is recorded begins in the moment in which the snapshot is whole. */
function* beginRecording({ view, record }: CommandContext): Work<Observation[]> {
  const snapshot = yield* view.snapshot();
  record();
  return snapshot;
}

/** About agents. */
export const agentCommands = {
  agents: command({
    params: none,
    open: false,
    run: (_, context) => answered(agents(context), context),
  }),
  explain: command({
    params: z.strictObject({ pid: z.int().min(1) }),
    open: false,
    run: ({ pid }, context) => answered(explain(pid, context), context),
  }),
  record: command({
    params: none,
    open: false,
    run: (_, context) => {
      if (context.sees.kind !== 'all') {
        throw new RequestError(
          'denied',
          'a recording holds everybody’s agents: only root and the group vigil may make one',
        );
      }
      return answered(beginRecording(context), context);
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
