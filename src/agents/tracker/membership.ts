import type { ConversationRef, ProcessFacts } from '../../model/observation.js';
import type { AgentType, MainMatch, Recogniser } from '../agent-type.js';
import { isShellCommand } from '../recognition/shell.js';
import { Conversations, clearConversation, conversationsOf } from './conversations.js';
import {
  isAsOldAs,
  isSame,
  isYoung,
  newPending,
  PENDING_MS,
  PendingProcesses,
  type Unattached,
} from './pending.js';
import { addEvidence, isInteractive, type Member, newSession, type Role, type Session } from './session.js';

/**
 * Which process belongs to which agent session: by recorded lineage, so that it holds after reparenting
 * and `setsid`. Processes of no session are not kept: this costs nothing on a busy machine.
 */
export class ProcessMembership {
  private readonly all = new Set<Session>();
  /** Living processes of living sessions. */
  private readonly owner = new Map<number, Session>();
  private readonly pending = new PendingProcesses();
  /** Helpers that serve every session of their type and user (Codex's app-server), by pid. */
  private readonly shared = new PendingProcesses();
  private readonly conversations = new Conversations();

  constructor(private readonly recognise: Recogniser) {}

  sessions(): Session[] {
    return [...this.all].filter(session => !session.dormant);
  }

  /** Processes that may hold a conversation later: their files will say so. */
  dormant(): Session[] {
    return [...this.all].filter(session => session.dormant);
  }

  sessionOf(pid: number): Session | undefined {
    return this.owner.get(pid);
  }

  /** All that a process holds, if it is the main one of a session. */
  conversationsOf(pid: number): Session[] {
    const server = this.owner.get(pid);
    return server?.pid === pid ? conversationsOf(server) : [];
  }

  /** The session of a conversation in that process; it may begin with this. `dropped`: which one makes room for it. */
  conversation(
    server: Session,
    ref: ConversationRef,
    time_ms: number,
  ): { session: Session; isNew: boolean; dropped: Session | null } {
    const known = conversationsOf(server).find(({ conversation }) => conversation === ref.id);
    if (known !== undefined) return { session: known, isNew: false, dropped: null };
    const begun = this.conversations.begin(server, ref, time_ms);
    this.all.add(begun.session);
    return { ...begun, isNew: true };
  }

  /** A conversation ended while its process goes on, which is shown again when it was the last. */
  endConversation(session: Session): void {
    const server = session.server ?? session;
    for (const member of server.members.values()) if (member.serves === session) delete member.serves;
    if (session === server) clearConversation(server);
    else this.removeSession(session);
    server.dormant = server.conversation === null && server.further.size > 0;
  }

  unattached(): Unattached[] {
    return [...this.pending, ...this.shared]
      .filter(([pid]) => !this.owner.has(pid))
      .map(([pid, { start_ticks, seen_ms }]) => ({ pid, start_ticks, seen_ms }));
  }

  isPending(pid: number): boolean {
    return this.pending.has(pid) || this.shared.has(pid);
  }

  /** True when this is still the agent that the session knows: a re-exec (self-update) keeps it. */
  isStill(session: Session, process: ProcessFacts): boolean {
    if (session.start_ticks !== process.start_ticks) return false;
    return session.command === process.argv.join(' ') || this.recognise(process)?.type === session.type;
  }

  /** True for a process that serves several sessions: which one its child works for, only /proc can tell. */
  isShared(pid: number): boolean {
    return this.shared.has(pid) || (this.owner.get(pid)?.further.size ?? 0) > 0;
  }

  recognises(process: ProcessFacts): boolean {
    return this.recognise(process) !== null;
  }

  /**
   * Sessions that talk to a person on this terminal; where several terminals have that name, that in whose foreground
   * `group` is.
   */
  onTerminal(tty: string, group?: number): Session[] {
    const named = [...this.all].filter(
      session => session.ending === null && session.mode === 'terminal' && session.tty === tty,
    );
    if (group === undefined || named.length < 2) return named;
    return named.filter(session => session.group === null || session.group === group);
  }

  /** The session for which this process speaks on the terminal: its tools may draw there too, but not for it. */
  speaker(pid: number): Session | undefined {
    const session = this.owner.get(pid);
    const role = session?.members.get(pid)?.role;
    return role === 'main' || role === 'wrapper' ? session : undefined;
  }

  fork(ppid: number, pid: number, time_ms: number): void {
    const session = this.parentSession(ppid, null);
    if (session === undefined) return;
    const parent = session.members.get(ppid);
    this.adopt(session, pid, childRole(parent?.role), parent?.command ?? '', time_ms);
  }

  /** A process of a session started another program. Returns the session when that is a tool. */
  exec(
    pid: number,
    argv: readonly string[],
    path: string,
    time_ms: number,
    cwd: string | null = null,
  ): Session | undefined {
    // By its new program it is neither any more; one that is would have come as a process.
    this.pending.delete(pid);
    this.shared.delete(pid);
    const session = this.owner.get(pid);
    const member = session?.members.get(pid);
    if (session === undefined || member === undefined || member.role === 'main' || member.role === 'wrapper')
      return undefined;
    member.command = argv.join(' ') || path;
    // What starts before the first turn serves the agent itself: MCP servers, probes of the environment.
    if (member.role !== 'child' || (isInteractive(session) && !hasWorked(session))) return undefined;
    const isTool = session.type.isTool ?? isShellCommand;
    if (!isTool(argv)) return undefined;
    member.role = 'tool';
    member.since_ms = time_ms;
    if (session.further.size === 0) return session;
    const serves = likeliest(conversationsOf(session), cwd) ?? session;
    member.serves = serves;
    return serves;
  }

  /** Takes in what /proc says of a process. Returns the session that must be decided anew, if any. */
  apply(
    process: ProcessFacts,
    how: 'exec' | 'scan',
    time_ms: number,
  ): { session: Session; isNew: boolean } | undefined {
    this.removeFormer(process, time_ms);
    const known = this.owner.get(process.pid);
    const found = this.recognise(process);
    if (known?.pid === process.pid) return this.refresh(known, process);
    if (found === null) {
      this.pending.delete(process.pid);
      this.shared.delete(process.pid);
      const session = this.applyOrdinary(process, time_ms);
      return session && { session, isNew: false };
    }
    const { type, match } = found;
    if (known !== undefined && this.isPart(known, type, process)) return undefined;
    const before = this.pending.get(process.pid);
    if (how === 'scan' && before?.type === type && before.since_ms !== null) {
      if (isAsOldAs(process, before.since_ms)) return undefined;
    }
    const parent = this.owner.get(process.ppid);
    const parentRole = parent?.members.get(process.ppid)?.role;
    if (match.role !== 'main') {
      if (match.role === 'helper') this.applyHelper(process, type, parent, time_ms);
      else this.pending.add(process.pid, newPending(type, process, time_ms), time_ms);
      return undefined;
    }
    const sameKindParent =
      parent !== undefined && parent.type === type && (parentRole === 'main' || parentRole === 'wrapper');
    if (sameKindParent && !(isInteractive(match) && !isInteractive(parent))) {
      if (isInteractive(match) && match.mode === parent.mode && parent.tty === process.tty)
        return { session: this.promote(parent, process, time_ms), isNew: false };
      this.adopt(parent, process.pid, 'helper', process.argv.join(' '), time_ms);
      return undefined;
    }
    return { session: this.startSession(process, type, match, how, time_ms), isNew: true };
  }

  /** A process ended. Returns what it was. */
  removeProcess(pid: number): Member | undefined {
    this.pending.delete(pid);
    this.shared.delete(pid);
    const session = this.owner.get(pid);
    this.owner.delete(pid);
    const member = session?.members.get(pid);
    session?.members.delete(pid);
    return member;
  }

  /**
   * The session is over; its processes that still live are nobody's from here on. What started it may
   * start another: Gemini CLI's outer node does so after an update.
   */
  endSession(session: Session): void {
    for (const { pid, role, command, since_ms, start_ticks } of session.members.values()) {
      if (this.owner.get(pid) !== session) continue;
      this.owner.delete(pid);
      if (role !== 'wrapper') continue;
      const { type, uid } = session;
      this.pending.add(pid, { type, command, uid, since_ms, start_ticks, seen_ms: since_ms }, since_ms);
    }
  }

  removeSession(session: Session): void {
    this.all.delete(session);
    session.server?.further.delete(session);
  }

  /**
   * True for a process that a session of this type already has above or beside its main one. By its name
   * alone an outer node of Gemini CLI is a Gemini CLI, whenever /proc is looked at again.
   */
  private isPart(session: Session, type: AgentType, process: ProcessFacts): boolean {
    const member = session.members.get(process.pid);
    if (session.type !== type || (member?.role !== 'wrapper' && member?.role !== 'helper')) return false;
    return isAsOldAs(process, member.since_ms);
  }

  private refresh(session: Session, process: ProcessFacts): { session: Session; isNew: boolean } {
    session.process_cwd = process.cwd ?? session.process_cwd;
    if (session.conversation === null) session.cwd = session.process_cwd;
    for (const one of conversationsOf(session)) one.host = process.host ?? one.host;
    // It may outlive its terminal, whose number then goes to another.
    session.tty = process.tty;
    session.group = process.group ?? session.group;
    session.command = process.argv.join(' ') || session.command;
    return { session, isNew: false };
  }

  private startSession(
    process: ProcessFacts,
    type: AgentType,
    { mode, dormant }: MainMatch,
    how: 'exec' | 'scan',
    time_ms: number,
  ): Session {
    const text = how === 'exec' ? 'it started' : 'it was found running';
    const session = newSession(type, process, mode, {
      source: how === 'exec' ? 'lifecycle' : 'procfs',
      text,
      time_ms,
    });
    session.dormant = dormant ?? false;
    const before = this.owner.get(process.pid);
    before?.members.delete(process.pid);
    this.all.add(session);
    this.adopt(session, process.pid, 'main', session.command, time_ms, process.start_ticks);
    const wrapper = this.pending.get(process.ppid);
    if (wrapper?.type === type && wrapper.uid === process.uid && isYoung(wrapper, time_ms)) {
      this.adopt(session, process.ppid, 'wrapper', wrapper.command, time_ms, wrapper.start_ticks);
      this.pending.delete(process.ppid);
    }
    this.pending.delete(process.pid);
    this.shared.delete(process.pid);
    return session;
  }

  /** An agent that starts itself again (node → node): the innermost process is the one that counts. */
  private promote(session: Session, process: ProcessFacts, time_ms: number): Session {
    const outer = session.members.get(session.pid);
    if (outer !== undefined) outer.role = 'wrapper';
    session.id = process.pid;
    session.pid = process.pid;
    session.start_ticks = process.start_ticks;
    session.command = process.argv.join(' ');
    this.adopt(session, process.pid, 'main', session.command, time_ms, process.start_ticks);
    addEvidence(session, {
      source: 'lifecycle',
      text: `it started itself again as process ${process.pid}`,
      time_ms,
    });
    return session;
  }

  private applyOrdinary(process: ProcessFacts, time_ms: number): Session | undefined {
    const known = this.owner.get(process.pid);
    const session = this.parentSession(process.ppid, process.cwd);
    if (session === undefined || (known !== undefined && !this.isShared(process.ppid))) return undefined;
    if (known !== session) {
      const role = childRole(session.members.get(process.ppid)?.role);
      this.adopt(session, process.pid, role, process.argv.join(' '), time_ms, process.start_ticks);
    }
    return this.exec(process.pid, process.argv, process.exe ?? '', time_ms, process.cwd);
  }

  private applyHelper(
    process: ProcessFacts,
    type: AgentType,
    parent: Session | undefined,
    time_ms: number,
  ): void {
    const starter = this.owner.get(process.pid) ?? parent;
    if (starter?.type === type)
      this.adopt(starter, process.pid, 'helper', process.argv.join(' '), time_ms, process.start_ticks);
    this.shared.add(process.pid, newPending(type, process, time_ms), time_ms);
  }

  /** The session that a shared helper works for: the one in that directory, else the one that worked last. */
  private servedBy(helper: number, cwd: string | null): Session | undefined {
    const shared = this.shared.get(helper);
    if (shared === undefined) return undefined;
    const clients = [...this.all].filter(
      session => session.ending === null && session.type === shared.type && session.uid === shared.uid,
    );
    return likeliest(clients, cwd);
  }

  private parentSession(ppid: number, cwd: string | null): Session | undefined {
    return this.shared.has(ppid) ? this.servedBy(ppid, cwd) : this.owner.get(ppid);
  }

  /** Another process has the pid by now, and no end of the former was seen. */
  private removeFormer({ pid, start_ticks, started_ms }: ProcessFacts, time_ms: number): void {
    for (const known of [this.pending, this.shared]) {
      const before = known.get(pid);
      if (before !== undefined && !isSame(before, start_ticks, started_ms)) known.delete(pid);
    }
    for (const [other, { since_ms, seen_ms }] of this.pending) {
      if (since_ms !== null || time_ms - seen_ms < PENDING_MS) break;
      this.pending.delete(other);
    }
  }

  private adopt(
    session: Session,
    pid: number,
    role: Role,
    command: string,
    time_ms: number,
    start_ticks: number | null = null,
  ): void {
    const before = this.owner.get(pid);
    if (before !== undefined && before !== session) before.members.delete(pid);
    this.owner.set(pid, session);
    const member = session.members.get(pid);
    session.members.set(pid, {
      pid,
      role,
      command,
      start_ticks: start_ticks ?? member?.start_ticks ?? null,
      since_ms: member?.since_ms ?? time_ms,
      background: member?.background ?? false,
      ...(member?.serves && { serves: member.serves }),
    });
  }
}

/** Only what an agent starts itself can be its tool; what that starts in turn is just part of it. */
function childRole(parent: Role | undefined): Role {
  return parent === undefined || parent === 'main' || parent === 'wrapper' || parent === 'helper'
    ? 'child'
    : 'descendant';
}

/** It, or another conversation in its process. */
function hasWorked({ has_worked, further }: Session): boolean {
  return has_worked || [...further].some(one => one.has_worked);
}

/** For which of them a process in that directory works: who is there, else who began to work last. */
function likeliest(sessions: readonly Session[], cwd: string | null): Session | undefined {
  const shown = sessions.filter(({ dormant }) => !dormant);
  const inPlace = cwd === null ? [] : shown.filter(session => session.cwd === cwd);
  return (inPlace.length > 0 ? inPlace : shown).sort((a, b) => rank(b) - rank(a))[0];
}

function rank(session: Session): number {
  return (session.state === 'WORKING' ? 1e15 : 0) + session.since_ms;
}
