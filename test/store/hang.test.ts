import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/lib/log/logger.js';
import { DirectRunner } from '../../src/store/runner.js';
import { Store } from '../../src/store/store.js';
import { alert, MB, machine, START_MS } from './machine.js';
import { Rig } from './rig.js';

/** A database whose disk stops answering when it is told to. */
class HangingRunner extends DirectRunner {
  private release = () => {};
  private held: Promise<void> | null = null;

  hang(): void {
    this.held = new Promise(resolve => {
      this.release = resolve;
    });
  }

  goOn(): void {
    this.held = null;
    this.release();
  }

  override async apply(...args: Parameters<DirectRunner['apply']>): Promise<void> {
    await this.held;
    await super.apply(...args);
  }
}

describe('a disk that hangs', () => {
  it('holds nobody up, is said, and gets everything later', async () => {
    const rig = new Rig();
    const engine = { directory: rig.directory, retention_ms: 7e8, max_bytes: 64 * MB, boot_id: 'a boot' };
    const runner = new HangingRunner(engine);
    const times = { snapshot_interval_ms: 10_000, flush_ms: 2 ** 30, maintain_ms: 2 ** 30, retry_ms: 10_000 };
    const store = new Store(runner, silentLogger(), () => rig.now_ms, times, 64 * MB, rig.directory);
    await store.start();
    runner.hang();
    store.putAlert(alert(1));
    void store.flush();
    for (let tick = 0; tick < 50; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
    await new Promise(resolve => setTimeout(resolve, 10));
    rig.now_ms += 42_000;
    expect(store.health()).toMatchObject({
      state: 'memory',
      problem: `${rig.path}: the disk has not answered for 42 s`,
    });
    expect(await store.query('openAlerts')).toBeNull();
    runner.goOn();
    expect(await store.flush()).toBe(true);
    expect(store.health()).toMatchObject({ state: 'written', problem: null });
    expect([rig.count('alerts'), rig.count('host_samples')]).toEqual([1, 50]);
    await store.stop();
  }, 60_000);
});
