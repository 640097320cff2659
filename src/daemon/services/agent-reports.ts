import type { Resolution } from '../../agents/tracker/resolution.js';
import { backgroundCount, isInteractive, resetsAt, type Session } from '../../agents/tracker/session.js';
import type { AgentPlaces } from '../../agents/transcripts/agent-place.js';
import type { AgentReport, ExplainReport } from '../../api/reports/agent.js';
import type { AgentService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import type { Users } from '../../lib/os/users.js';
import { printable } from '../../lib/text/printable.js';
import type { Work } from '../../lib/time/in-turns.js';
import { iso, now } from '../../lib/time/time.js';
import { endingFields, evidenceReport } from '../../model/state-event.js';
import { maySee, type Viewer } from '../../model/viewer.js';
import { asks } from '../../outputs/helpers/helper-agent.js';
import type { HelperPool } from '../../outputs/helpers/helper-pool.js';
import type { AgentMonitor } from '../agents/agent-monitor.js';
import { RecentUsage } from './recent-usage.js';

/** Sessions without many processes that are told of between two turns of the event loop. */
const SESSIONS = 8;
/** Command lines can hold a whole prompt. */
const MAX_COMMAND = 4096;
const MAX_VOICE_TEXT = 300;
const MAX_HOST = 64;

export interface AgentReportsOptions {
  monitor: Pick<AgentMonitor, 'sessions' | 'tracker'>;
  users: Pick<Users, 'name'>;
  procRoot: string;
  helpers: Pick<HelperPool, 'attach' | 'unseen'>;
  places: Pick<AgentPlaces, 'of'>;
  bus: Pick<Bus, 'on'>;
}

/** The agents as the API shows them. */
export class AgentReports implements AgentService {
  private readonly usage: RecentUsage;

  constructor(private readonly options: AgentReportsOptions) {
    this.usage = new RecentUsage(options.procRoot);
  }

  *list(viewer: Viewer): Work<AgentReport[]> {
    const sessions = this.options.monitor.sessions();
    this.usage.forgetAllBut(sessions);
    const reports: AgentReport[] = [];
    for (const session of sessions.filter(({ uid }) => maySee(viewer, uid))) {
      reports.push(yield* this.report(session));
      if (reports.length % SESSIONS === 0) yield;
    }
    return reports;
  }

  onChange(listener: (uid: number) => void): () => void {
    const { bus, monitor } = this.options;
    const ends = [
      bus.on('agent reports', 'agent.seen', listener),
      bus.on('agent reports', 'agent.transition', ({ transition }) => {
        const session = monitor.tracker.find(transition.pid);
        if (session !== undefined) listener(session.uid);
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  *explain(pid: number, session_id?: string): Work<ExplainReport | undefined> {
    const { tracker } = this.options.monitor;
    const session = tracker.findForPerson(pid, session_id);
    if (session === undefined || session.dormant) return undefined;
    const report = yield* this.report(session);
    return explainReport(session, tracker.explain(session), report);
  }

  private *report(session: Session): Work<AgentReport> {
    const { users, helpers, places } = this.options;
    const alive = session.ending === null ? [...session.members.keys()] : [];
    const usage = yield* this.usage.of(session);
    const resets_at_ms = resetsAt(session);
    const report: AgentReport = {
      pid: session.pid,
      agent: session.type.name,
      state: session.state,
      reason: session.reason,
      since: iso(session.since_ms),
      evidence: evidenceReport(session.evidence),
      interactive: isInteractive(session),
      mode: session.mode,
      host: session.host === null ? null : printable(session.host, MAX_HOST),
      background: backgroundCount(session),
      resets_at: resets_at_ms === null ? null : iso(resets_at_ms),
      asks: asks(session),
      unseen: helpers.unseen(session),
      attach: helpers.attach(session),
      uid: session.uid,
      user: users.name(session.uid),
      tty: session.tty,
      container: places.of(session).container,
      cwd: session.cwd,
      title: session.title,
      session_id: session.session_id,
      command: session.command.slice(0, MAX_COMMAND),
      started: iso(session.started_ms),
      children: Math.max(0, alive.length - 1),
      cpu_percent: Math.round(usage.cpu_percent * 10) / 10,
      rss_bytes: usage.rss_bytes,
    };
    return session.ending === null ? report : { ...report, ...endingFields(session.ending) };
  }
}

export function explainReport(
  session: Session,
  resolution: Resolution | null,
  agent: AgentReport,
): ExplainReport {
  const now_ms = now();
  // What decides now may not be what brought the state about: that is on record, too.
  const deciding = resolution?.evidence ?? session.evidence;
  const order = [...session.evidence_log].reverse();
  const at = order.findIndex(({ source, text }) => source === deciding.source && text === deciding.text);
  if (at < 0) order.unshift(deciding);
  return {
    agent: { ...agent, evidence: evidenceReport(deciding) },
    decided_by: resolution?.rule ?? 'the process ended',
    evidence: order.map((evidence, index) => ({
      ...evidenceReport(evidence),
      age_ms: Math.round(now_ms - evidence.time_ms),
      note: index === Math.max(0, at) ? 'decided' : '',
    })),
    voices: (resolution?.voices ?? []).map(({ voice, verdict, text, at_ms, why }) => ({
      voice,
      verdict,
      text: text === null ? null : printable(text, MAX_VOICE_TEXT),
      since: at_ms === null ? null : iso(at_ms),
      why,
    })),
    processes: [...session.members.values()].map(({ pid, role, command, background }) => ({
      pid,
      role: background ? `${role} in the background` : role,
      command: command.slice(0, MAX_COMMAND),
    })),
  };
}
