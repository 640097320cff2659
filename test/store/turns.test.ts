import { describe, expect, it } from 'vitest';
import { StoreAudit } from '../../src/actions/store-audit.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import type { QueryArguments, QueryName, QueryResult } from '../../src/store/queries/index.js';
import { DirectRunner } from '../../src/store/runner.js';
import { Store } from '../../src/store/store.js';
import { alert, MB } from './machine.js';
import { Rig } from './rig.js';

/** A database whose answers take until they are let go. */
class SlowRunner extends DirectRunner {
  /** What was begun. */
  queries = 0;
  private free = 0;
  private readonly held: (() => void)[] = [];

  /** Lets so many go, those that come later too. */
  goOn(count: number): void {
    this.free += count;
    while (this.free > 0 && this.held.length > 0) {
      this.free--;
      this.held.shift()!();
    }
  }

  override async query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N>> {
    this.queries++;
    if (this.free > 0) this.free--;
    else await new Promise<void>(resolve => this.held.push(resolve));
    return super.query(name, args);
  }
}

/** A store at work on a question, with so many more waiting. */
async function asked(more: number) {
  const rig = new Rig();
  const engine = { directory: rig.directory, retention_ms: 7e8, max_bytes: 64 * MB, boot_id: 'a boot' };
  const runner = new SlowRunner(engine);
  const times = { snapshot_interval_ms: 10_000, flush_ms: 2 ** 30, maintain_ms: 2 ** 30, retry_ms: 10_000 };
  const store = new Store(runner, silentLogger(), () => rig.now_ms, times, 64 * MB, rig.directory);
  await store.start();
  const first = store.query('openAlerts');
  while (runner.queries === 0) await new Promise(setImmediate);
  const others = Array.from({ length: more }, () => store.query('openAlerts'));
  return { rig, runner, store, first, others };
}

const record = {
  time_ms: 0,
  alert_id: null,
  rule: null,
  requester: { kind: 'auto' as const },
  mode: 'auto' as const,
  dry_run: false,
  type: 'kill_process' as const,
  risk: 'safe' as const,
  reason: '',
  text: '',
  steps: [],
  evidence: [],
  session: null,
  before: { processes: 0, rss_bytes: 0 },
};

describe('many questions to the history', () => {
  it('do not keep an action from being recorded, which is before it is done', async () => {
    const { runner, store, others } = await asked(20);
    runner.goOn(1);
    while (runner.queries === 1) await new Promise(setImmediate);
    const recorded = new StoreAudit(store).begin(record);
    // What is at work ends, and no other.
    runner.goOn(1);
    await recorded;
    runner.goOn(Infinity);
    await Promise.all(others);
    await store.stop();
  });

  it('tell all the same what was handed in before', async () => {
    const { runner, store, others } = await asked(3);
    store.putAlert(alert(1));
    const last = store.query('openAlerts');
    runner.goOn(Infinity);
    expect(await last).toHaveLength(1);
    expect(await Promise.all(others)).not.toContain(null);
    await store.stop();
  });

  it('are not answered any more when nobody waits for the answer', async () => {
    const { runner, store, first, others } = await asked(10);
    expect(await Promise.all([first, ...others])).toEqual(Array(11).fill(null));
    runner.goOn(Infinity);
    // Before this one nothing is left to be answered.
    expect(await store.query('openAlerts')).toEqual([]);
    expect(runner.queries).toBe(2);
    await store.stop();
  });

  it('are refused at once when too many wait', async () => {
    const { runner, store, others } = await asked(500);
    let refused = 0;
    for (const other of others) void other.then(answer => (refused += answer === null ? 1 : 0));
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    expect(refused).toBeGreaterThan(400);
    expect(refused).toBeLessThan(500);
    runner.goOn(Infinity);
    const answers = await Promise.all(others);
    expect(answers.filter(answer => answer === null)).toHaveLength(refused);
    expect(await store.query('openAlerts')).toEqual([]);
    await store.stop();
  });
});

describe('what is promised to be on the disk', () => {
  it('is brought there also when it was written before without that', async () => {
    const rig = new Rig();
    const engine = { directory: rig.directory, retention_ms: 7e8, max_bytes: 64 * MB, boot_id: 'a boot' };
    const applied: string[] = [];
    const runner = new (class extends DirectRunner {
      override async apply(...[operations, durably]: Parameters<DirectRunner['apply']>): Promise<void> {
        applied.push(...operations.map(({ type }) => `${type} ${durably}`));
        await super.apply(operations, durably);
      }
    })(engine);
    const times = { snapshot_interval_ms: 10_000, flush_ms: 2 ** 30, maintain_ms: 2 ** 30, retry_ms: 10_000 };
    const store = new Store(runner, silentLogger(), () => rig.now_ms, times, 64 * MB, rig.directory);
    await store.start();
    await store.flush();
    store.putAlert(alert(1));
    await store.query('openAlerts');
    applied.length = 0;
    expect(await store.flush(true)).toBe(true);
    expect(applied).toEqual(['sync true']);
    expect(await store.flush(true)).toBe(true);
    expect(applied).toHaveLength(1);
    await store.stop();
  });

  it('is not what could not be written at all', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const broken = { ...action, time_ms: { not: 'a time' } as unknown as number };
    expect(await store.writeAction(broken)).toBe(false);
    expect(await store.writeAction(action)).toBe(true);
  });
});

const action = {
  id: 1,
  time_ms: 5,
  mode: 'ask',
  requested_by: 'uid 0',
  alert_id: null,
  what: 'kill_process',
  targets: [],
  argv: null,
  evidence: null,
  before: null,
  after: null,
  result: null,
};
