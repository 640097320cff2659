import type { SchedulerLimits } from './scheduler.js';

/** What the server puts up with. Together these bound its memory and its time, whatever its clients do. */
export interface Limits extends SchedulerLimits {
  /** Connections of ordinary users together; when they are all taken, who has most of them loses one. */
  clients: number;
  /** More than those for who sees everything: they always get in. */
  reservedClients: number;
  /** Of one user who is neither root nor the daemon's own: nobody can take all the places. */
  clientsPerUser: number;
  /** A request, its newline included. */
  requestBytes: number;
  /** Half requests of all clients together; a quarter of it for one ordinary user, three for all of them. */
  totalRequestBytes: number;
  /** How long a request may take to arrive, from its first byte to its newline. */
  unfinishedMs: number;
  /** What a client has not read yet. */
  unsentBytes: number;
  /** Requests of a client are not read while it has more than this to read itself. */
  pauseBytes: number;
  /** Of all clients together; a quarter of it for one ordinary user, three for all of them. */
  totalUnsentBytes: number;
  /** Requests of a client are not read while so many of its answers are still being made. */
  pendingReplies: number;
  /** A client that gets nothing unasked, asks nothing and reads nothing for so long is let go. */
  idleMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  clients: 1000,
  reservedClients: 200,
  clientsPerUser: 250,
  requestBytes: 1_000_000,
  totalRequestBytes: 16_000_000,
  unfinishedMs: 30_000,
  unsentBytes: 1_048_576,
  pauseBytes: 262_144,
  totalUnsentBytes: 67_108_864,
  pendingReplies: 8,
  idleMs: 600_000,
  sliceMs: 5,
  userShare: 0.15,
  userBurstMs: 250,
  usersShare: 0.3,
  usersBurstMs: 500,
  pingShare: 0.01,
  pingBurstMs: 20,
};
