import type { Viewer } from '../../model/viewer.js';
import type { Services } from '../services.js';
import type { Stream } from '../streams/stream.js';
import type { Connection } from './connection.js';

/** What clients are sent unasked. Nothing is made of a stream that nobody follows. */
export class Subscriptions {
  /** Those that are followed, and what ends them. */
  private readonly open = new Map<Stream, () => void>();

  constructor(
    private readonly services: Services,
    private readonly connections: ReadonlySet<Connection>,
  ) {}

  add(connection: Connection, stream: Stream): void {
    // It may be gone by now.
    if (!this.connections.has(connection)) return;
    connection.streams.add(stream);
    if (this.open.has(stream)) return;
    this.open.set(
      stream,
      stream.open(this.services, of => this.send(stream, of)),
    );
  }

  /** A client is gone. */
  closed(): void {
    const followed = new Set([...this.connections].flatMap(({ streams }) => [...streams]));
    for (const stream of [...this.open.keys()]) if (!followed.has(stream)) this.end(stream);
  }

  stop(): void {
    for (const stream of [...this.open.keys()]) this.end(stream);
  }

  private end(stream: Stream): void {
    this.open.get(stream)?.();
    this.open.delete(stream);
  }

  /** Written once for all who see the same. */
  private send(stream: Stream, of: (viewer: Viewer) => unknown): void {
    const lines = new Map<string, Buffer | null>();
    for (const connection of this.connections) {
      if (!connection.streams.has(stream)) continue;
      const { viewer } = connection;
      const key = viewer.kind === 'user' ? `user ${viewer.uid}` : viewer.kind;
      let line = lines.get(key);
      if (line === undefined) {
        line = lineOf(of(viewer));
        lines.set(key, line);
      }
      if (line !== null) connection.push(line);
    }
  }
}

function lineOf(message: unknown): Buffer | null {
  return message === null ? null : Buffer.from(`${JSON.stringify(message)}\n`);
}
