import type { Connection } from './connection.js';
import type { Lane } from './lane.js';
import type { Limits } from './limits.js';

/** Where everybody has one only, one that has been silent for so long makes room. */
const SILENT_MS = 30_000;

/** What becomes of one more connection. */
export type Admission = { kind: 'admitted'; evict: Connection | null } | { kind: 'refused'; why: string };

/**
 * Decides who may be connected. The places of ordinary users are theirs in equal parts: when all are taken, the user with
 * most of them loses the one that has been silent longest to one who has fewer. Who may see everything has places
 * that no user can take, and root gets in always.
 */
export function admit(
  lane: Lane,
  connections: ReadonlySet<Connection>,
  { clients, reservedClients, clientsPerUser }: Limits,
): Admission {
  const isUser = lane.rank === 'user';
  if (isUser && lane.connections >= clientsPerUser)
    return { kind: 'refused', why: `vigil serves ${clientsPerUser} clients of a user at most` };
  if (!isUser) {
    if (connections.size < clients + reservedClients) return { kind: 'admitted', evict: null };
    return evictFor(lane, connections, `vigil serves ${clients + reservedClients} clients at most`);
  }
  let ofUsers = 0;
  for (const other of connections) if (other.lane.rank === 'user') ofUsers++;
  if (ofUsers < clients) return { kind: 'admitted', evict: null };
  return evictFor(lane, connections, `vigil serves ${clients} clients at most`);
}

function evictFor(lane: Lane, connections: ReadonlySet<Connection>, why: string): Admission {
  const greediest = greediestOf(connections, lane);
  const least = leastUsed([...connections].filter(one => one.lane === greediest));
  if (least !== null) return { kind: 'admitted', evict: least };
  const silent = leastUsed([...connections].filter(one => one.lane.rank === lane.rank && one.lane !== lane));
  if (silent?.isIdle && performance.now() - silent.active_ms > SILENT_MS)
    return { kind: 'admitted', evict: silent };
  return { kind: 'refused', why };
}

/** Whoever has most among the lowest rank that there is; null: nobody has more than the one who comes. */
function greediestOf(connections: ReadonlySet<Connection>, newcomer: Lane): Lane | null {
  const lanes = new Set([...connections].map(({ lane }) => lane));
  for (const rank of ['user', 'admin', 'owner'] as const) {
    let most: Lane | null = null;
    for (const lane of lanes)
      if (lane.rank === rank && (most === null || lane.connections > most.connections)) most = lane;
    if (most === null) continue;
    if (newcomer.rank !== rank) return most;
    if (most === newcomer) return newcomer.rank === 'owner' ? most : null;
    return most.connections > newcomer.connections + 1 ? most : null;
  }
  return null;
}

/** Idle ones first, and of those, as of the others, the one that has been silent longest. */
function leastUsed(connections: readonly Connection[]): Connection | null {
  let least: Connection | null = null;
  for (const one of connections) {
    const isLess = least === null || Number(one.isIdle) > Number(least.isIdle);
    if (isLess || (one.isIdle === least!.isIdle && one.active_ms < least!.active_ms)) least = one;
  }
  return least;
}
