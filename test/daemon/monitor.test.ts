import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createRecogniser } from '../../src/agents/kinds/index.js';
import { defaultConfig } from '../../src/config/schema.js';
import { trackerOptions } from '../../src/config/tracker.js';
import { AgentMonitor } from '../../src/daemon/monitor.js';
import { createLogger } from '../../src/log/logger.js';
import { readFacts } from '../../src/proc/read.js';
import { Users } from '../../src/proc/users.js';
import { now } from '../../src/time.js';
import { until } from './until.js';

let monitor: AgentMonitor;
let child: ChildProcess;
afterEach(() => {
  monitor.stop();
  child.kill('SIGKILL');
});

/** An agent that has just ended, unnoticed, beside a sensor that tells of exits or does not; what is said of it. */
async function goneAgent(lifecycle: boolean): Promise<string[]> {
  const said: string[] = [];
  monitor = new AgentMonitor({
    procRoot: '/proc',
    tracker: trackerOptions(defaultConfig()),
    recognise: createRecogniser([]),
    users: new Users(),
    onlyUid: null,
    logger: createLogger({ level: 'fatal', format: 'json', write: () => {} }),
    onTransition: ({ to, evidence }) => void said.push(`${to}: ${evidence.text}`),
    onObservation: () => {},
    readElsewhere: () => null,
  });
  child = spawn('sleep', ['60'], { argv0: 'claude', stdio: 'ignore' });
  await once(child, 'spawn');
  const process = { ...readFacts('/proc', child.pid!)!, exe: '/usr/bin/claude', argv: ['claude'] };
  monitor.feed({ type: 'sensor', time_ms: now(), terminal: lifecycle, keys: lifecycle, lifecycle });
  monitor.feed({ type: 'process', time_ms: now(), process, how: 'exec' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  monitor.checkAlive();
  return said;
}

describe('an agent that is gone', () => {
  it('has ended as the kernel says, even when that comes after the look at /proc', async () => {
    const said = await goneAgent(true);
    expect(said.filter(text => text.startsWith('EXITED'))).toEqual([]);
    monitor.feed({ type: 'exit', time_ms: now(), pid: child.pid!, code: null, signal: 9, sender: null });
    await new Promise(done => setTimeout(done, 1_200));
    expect(said.filter(text => text.startsWith('EXITED'))).toEqual(['EXITED: ended by signal 9']);
  });

  it('has ended all the same when the kernel says nothing', async () => {
    const said = await goneAgent(true);
    await until('its end', () => said.includes('EXITED: it is no longer there'));
  });

  it('has ended at once where the kernel is not asked', async () => {
    expect(await goneAgent(false)).toContain('EXITED: it is no longer there');
  });
});
