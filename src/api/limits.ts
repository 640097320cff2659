/** What the server puts up with. Together these bound its memory, whatever its clients do. */
export interface Limits {
  clients: number;
  /** Of one user who is neither root nor the daemon's own: nobody can take all the places. */
  clientsPerUser: number;
  /** A request, its newline included. */
  requestBytes: number;
  /** Half requests of all clients together. */
  totalRequestBytes: number;
  /** How long a request may take to arrive, from its first byte to its newline. */
  unfinishedMs: number;
  /** What a client has not read yet; one answer may go beyond. */
  unsentBytes: number;
  /** Requests of a client are not read while it has more than this to read itself. */
  pauseBytes: number;
  totalUnsentBytes: number;
  /** Requests of a client are not read while so many of its answers are still being made. */
  pendingReplies: number;
  /** Of each turn of the event loop, for the requests of all clients together; one may go beyond. */
  sliceMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  clients: 1000,
  clientsPerUser: 250,
  requestBytes: 1_000_000,
  totalRequestBytes: 16_000_000,
  unfinishedMs: 30_000,
  unsentBytes: 1_048_576,
  pauseBytes: 262_144,
  totalUnsentBytes: 67_108_864,
  pendingReplies: 8,
  sliceMs: 5,
};
