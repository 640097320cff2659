import { z } from 'zod';
import { sum } from '../../../model/figure.js';
import { count, type FieldTypes, list, text } from '../../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from '../collector.js';
import { perSecond } from '../rate.js';
import { MANY_CORES_BYTES, readText } from '../read.js';
import { countConnections } from './tcp.js';

const network = z
  .strictObject({
    interfaces: list(
      z.strictObject({
        name: text,
        received_bytes_per_s: z.number().nullable(),
        sent_bytes_per_s: z.number().nullable(),
        errors_per_s: z.number().nullable(),
      }),
    ),
    connections: z
      .record(text, count)
      .describe(
        'TCP, by state, e.g. `{ESTABLISHED: 12, LISTEN: 9}`; of more than 10,000 only `TIME_WAIT` and `OTHER`; empty until they were counted for the first time',
      ),
  })
  .meta({ id: 'NetworkSample' });
export type NetworkSample = z.infer<typeof network>;

const fields = { network: network.nullable() };
type NetworkSlice = FieldTypes<typeof fields>;

declare module '../../../model/snapshot.js' {
  interface HostSample extends NetworkSlice {}
}

/** Counters since the interface came up. */
export interface InterfaceCounters {
  received_bytes: number;
  sent_bytes: number;
  /** Of both directions, with what was dropped. */
  errors: number;
}

/**
 * /proc/net/dev, see proc_pid_net(5): two lines of headings, then one for each interface.
 *
 * `  eth0: 2374760878   74470    0    0    0     0          0         0  7530663   59261    0    0    0     0 …`
 *
 * Receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets errs drop …
 */
export function parseNetDev(text: string): Map<string, InterfaceCounters> {
  const interfaces = new Map<string, InterfaceCounters>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    if (columns.length < 12 || !columns.every(Number.isFinite)) continue;
    interfaces.set(line.slice(0, colon).trim(), {
      received_bytes: columns[0]!,
      sent_bytes: columns[8]!,
      errors: columns[2]! + columns[3]! + columns[10]! + columns[11]!,
    });
  }
  return interfaces;
}

/** Machines with containers have one for each. */
const MAX_INTERFACES = 64;
/** The tables of connections take long to read: in the background, for the next sample. */
const CONNECTIONS_MS = 30_000;

/** Traffic of each interface but the loopback, and connections by state, of the daemon's network namespace. */
export class NetworkCollector implements Collector<NetworkSlice> {
  private before: { counters: Map<string, InterfaceCounters>; now_ms: number } | null = null;
  private connections: Readonly<Record<string, number>> = {};
  private counted_ms = Number.NEGATIVE_INFINITY;

  collect({ roots, now_ms }: Context): Part<NetworkSlice> {
    const counters = parseNetDev(readText(`${roots.proc}/net/dev`, MANY_CORES_BYTES));
    const { before } = this;
    this.before = { counters, now_ms };
    const elapsed_ms = now_ms - (before?.now_ms ?? now_ms);
    if (now_ms - this.counted_ms >= CONNECTIONS_MS) {
      this.counted_ms = now_ms;
      countConnections(roots.proc).then(
        counts => {
          this.connections = counts;
        },
        () => {},
      );
    }
    const interfaces: NetworkSample['interfaces'][number][] = [];
    for (const [name, now] of counters) {
      if (name === 'lo' || interfaces.length >= MAX_INTERFACES) continue;
      const was = before?.counters.get(name);
      const rate = (field: keyof InterfaceCounters) => perSecond(was?.[field], now[field], elapsed_ms);
      interfaces.push({
        name,
        received_bytes_per_s: rate('received_bytes'),
        sent_bytes_per_s: rate('sent_bytes'),
        errors_per_s: rate('errors'),
      });
    }
    return { network: { interfaces, connections: this.connections } };
  }
}

export const networkCollector = defineCollector({
  id: 'network',
  describe: 'Traffic of each interface, and connections by state.',
  fields,
  empty: { network: null },
  figures: [
    {
      name: 'network_received_bytes_per_s',
      of: ({ host }) => sum(host.network?.interfaces.map(one => one.received_bytes_per_s)),
    },
    {
      name: 'network_sent_bytes_per_s',
      of: ({ host }) => sum(host.network?.interfaces.map(one => one.sent_bytes_per_s)),
    },
    { name: 'connections_established', of: ({ host }) => host.network?.connections.ESTABLISHED },
  ],
  create: () => new NetworkCollector(),
});
