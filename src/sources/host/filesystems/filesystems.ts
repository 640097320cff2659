import { z } from 'zod';
import { MOUNTS_BYTES, readText, tryReadText } from '../../../lib/files/bounded-read.js';
import { max } from '../../../model/figure.js';
import { bytes, type FieldTypes, list, pid, text, uid } from '../../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from '../collector.js';
import { AsyncStatfs } from './async-statfs.js';
import { FileHolders } from './file-holders.js';
import { type Mount, parseMountinfo } from './mounts.js';
import { type AskStatfs, type Sizes, statfsNow } from './statfs.js';
import { chooseTargets, type Target } from './targets.js';

const filesystem = z
  .strictObject({
    mount: text,
    device: text,
    type: text,
    total_bytes: bytes,
    available_bytes: bytes.describe('what an ordinary user may still use'),
    inodes_total: z.number().nullable().describe('null: it has no fixed number of inodes'),
    inodes_free: z.number().nullable(),
    read_only: z.boolean(),
    hung: z
      .boolean()
      .describe(
        'it did not answer in time; the sizes are the last ones known, 0 and null where none ever were',
      ),
    holders: list(
      z.strictObject({
        pid,
        uid,
        deleted_bytes: bytes.describe('in files without a name: free once they are closed'),
        written_bytes: bytes.describe('in files that it has open for writing'),
        grown_bytes: bytes.describe('by which these grew of late'),
      }),
    )
      .exactOptional()
      .describe('while little is free: who holds it'),
  })
  .meta({ id: 'FilesystemSample' });
export type FilesystemSample = z.infer<typeof filesystem>;

const fields = { filesystems: list(filesystem) };
type FilesystemSlice = FieldTypes<typeof fields>;

declare module '../../../model/snapshot.js' {
  interface HostSample extends FilesystemSlice {}
}

const MAX_NAMED = 3;
/** Below that it is looked for who holds its files. */
const SHORT_SHARE = 0.15;
const UNKNOWN: Sizes = { total_bytes: 0, available_bytes: 0, inodes_total: null, inodes_free: null };

/** Free space and inodes of everything that is mounted. */
export class FilesystemCollector implements Collector<FilesystemSlice> {
  private text = '';
  private mounts: Mount[] = [];
  private targets: Target[] = [];
  private readonly holders = new FileHolders();
  private readonly asynchronous: AsyncStatfs;

  constructor(
    ask?: AskStatfs,
    private readonly now: (mount: string) => Sizes | null = statfsNow,
  ) {
    this.asynchronous = new AsyncStatfs(ask);
  }

  collect({ roots, now_ms }: Context): Part<FilesystemSlice> {
    const text = mountinfo(roots.proc);
    if (text !== this.text) {
      this.text = text;
      this.mounts = parseMountinfo(text);
      this.targets = chooseTargets(this.mounts);
      this.asynchronous.forgetAllBut(new Set(this.targets.map(({ mount }) => mount)));
    }
    const filesystems: FilesystemSample[] = [];
    const short = new Map<string, FilesystemSample>();
    for (const target of this.targets) {
      const answer = target.may_hang ? this.asynchronous.sizes(target.mount, now_ms) : this.atOnce(target);
      // Programs may say that they have no size at all; a hung one had no chance to say.
      if (answer === null || (!answer.hung && answer.sizes?.total_bytes === 0)) continue;
      const { mount, device, type, read_only } = target;
      const sample = { mount, device, type, ...(answer.sizes ?? UNKNOWN), read_only, hung: answer.hung };
      filesystems.push(sample);
      if (isShort(sample) && !target.may_hang) short.set(target.device_number, sample);
    }
    const found = this.holders.look(roots.proc, new Set(short.keys()), this.mounts, now_ms);
    for (const [device_number, sample] of short) sample.holders = found.get(device_number) ?? [];
    return { filesystems };
  }

  private atOnce({ mount }: Target): { sizes: Sizes; hung: false } | null {
    const sizes = this.now(mount);
    return sizes === null ? null : { sizes, hung: false };
  }

  note(): string | null {
    const hung = this.targets
      .filter(({ mount, may_hang }) => may_hang && this.asynchronous.isHung(mount))
      .map(({ mount }) => mount);
    if (hung.length === 0) return null;
    const more = hung.length > MAX_NAMED ? ` and ${hung.length - MAX_NAMED} more` : '';
    return `no answer from ${hung.slice(0, MAX_NAMED).join(', ')}${more}`;
  }
}

function isShort({ read_only, total_bytes, available_bytes }: FilesystemSample): boolean {
  return !read_only && total_bytes > 0 && available_bytes < total_bytes * SHORT_SHARE;
}

/** As the first process sees it: in a service's sandbox everything is read-only. Others may only read their own. */
function mountinfo(proc: string): string {
  const first = tryReadText(`${proc}/1/mountinfo`, MOUNTS_BYTES, 'utf8');
  return first ?? readText(`${proc}/self/mountinfo`, MOUNTS_BYTES, 'utf8');
}

export const filesystemsCollector = defineCollector({
  id: 'filesystems',
  describe: 'Free space and inodes of what is mounted.',
  fields,
  empty: { filesystems: [] },
  at_least_ms: 5_000,
  figures: [{ name: 'filesystem_used_percent', of: ({ host }) => max(host.filesystems.map(usedPercent)) }],
  create: () => new FilesystemCollector(),
});

/** Images that are full by nature are mounted read-only. */
function usedPercent({ read_only, total_bytes, available_bytes }: FilesystemSample): number | null {
  return read_only || total_bytes <= 0 ? null : 100 * (1 - available_bytes / total_bytes);
}
