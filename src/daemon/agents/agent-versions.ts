import { newerThanTested, versionOf } from '../../agents/recognition/version.js';
import type { Session } from '../../agents/tracker/session.js';
import { orUnknown } from '../../lib/files/bounded-read.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import { maySee, type Viewer } from '../../model/viewer.js';
import { readFacts } from '../../sources/procfs/read.js';

/** Each kind of agent is named once, and not more of them than this. */
const MAX_NAMED = 20;

/** Says which running agents are newer than those that vigil was tried with: what they write may have changed. */
export class AgentVersions implements Module {
  readonly name = 'agent versions';
  private readonly versions = new WeakMap<Session, { pid: number; version: string | null }>();

  constructor(private readonly options: { monitor: { living(): Session[] }; procRoot: string }) {}

  /** No problem: most often nothing that vigil reads has changed. */
  health(viewer: Viewer): ModuleHealth {
    const newer = new Set<string>();
    for (const session of this.options.monitor.living()) {
      if (newer.size >= MAX_NAMED || !maySee(viewer, session.uid)) continue;
      const version = this.versionOf(session);
      const tested = newerThanTested(session.type.name, version);
      if (tested !== null)
        newer.add(`${session.type.name} ${version} is newer than ${tested}, the newest tested`);
    }
    return { problems: [], report: { newer_than_tested: [...newer] } };
  }

  private versionOf(session: Session): string | null {
    const known = this.versions.get(session);
    if (known?.pid === session.pid) return known.version;
    const facts = orUnknown(() => readFacts(this.options.procRoot, session.pid));
    if (facts === 'unknown') return null;
    const version = facts === null ? null : versionOf(facts);
    this.versions.set(session, { pid: session.pid, version });
    return version;
  }
}
