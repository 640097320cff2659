import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clock } from '../../src/lib/time/time.js';
import { snapshot, TIME_MS } from '../diagnosis/incident.js';
import { fakeAction, fakeAgent, fakeAlert, fakeEvent, fakeHealth, T0 } from './fake-daemon.js';
import { Rig } from './rig.js';

/**
 * What goes over the socket, byte for byte, as programs that others wrote read it: it stays as it is.
 * `VIGIL_RECORD_WIRE=1` writes what is said now.
 */

const ASKER = fileURLToPath(new URL('./fixtures/asker.mjs', import.meta.url));

const REQUESTS = [
  'ping',
  'health',
  'agents',
  'explain {"pid":1}',
  'explain {"pid":2}',
  'explain {"pid":3}',
  'explain',
  'events',
  'events {"limit":1}',
  'events {"follow":true}',
  'alerts',
  'alerts {"all":true,"limit":2}',
  'alerts {"limit":0}',
  'machine',
  'processes',
  'processes {"session":1101,"limit":1}',
  'report {"period_s":3600,"buckets":2}',
  'explain_alert {"id":1}',
  'explain_alert {"id":2,"prompt":true}',
  'explain_alert {"id":3}',
  'explain_alert {"id":99}',
  'explain_process {"pid":1100}',
  'explain_process {"pid":1100,"prompt":true}',
  'explain_process {"pid":5}',
  'kill_preview {"pid":1100,"scope":"tree"}',
  'kill_preview {"pid":1100,"scope":"forest"}',
  'kill_process {"pid":1100,"signal":"SIGKILL"}',
  'kill_process {"pid":1100,"signal":"SIGHUP"}',
  'plans {"alert":1}',
  'plans {"alert":2}',
  'execute_plan {"id":4}',
  'actions',
  'actions {"limit":1}',
  'list_processes',
  'get_alerts',
  'get_alerts {"since":1700000000,"limit":1}',
  'add_whitelist {"pattern":"make","reason":"it may"}',
  'add_whitelist {"pattern":""}',
  'list_whitelist',
  'remove_whitelist {"id":1}',
  'remove_whitelist {"id":1}',
  'get_config',
  'update_config {"detection":{"cpu_high":{"duration_seconds":77}}}',
  'update_config {"sensor":{"bpftrace":"/opt/bpftrace"}}',
  'update_config {"nonsense":1}',
  'reload_config',
  'pause_monitoring',
  'resume_monitoring',
  'record',
  'clear_alerts',
  'agnets',
  'toString',
  'host',
].map((line, id) => {
  const [cmd, ...params] = line.split(' ');
  const rest = params.join(' ');
  return `{"cmd":"${cmd}","id":${id}${rest === '' ? '' : `,"params":${rest}`}}`;
});

const ANN = 4321;
const BEN = 4322;

let rig: Rig;
// Nobody sets the clock meanwhile; a machine that has no time to spare looks like it.
beforeEach(() => void vi.spyOn(clock, 'wallTime').mockImplementation(time_ms => time_ms));
afterEach(async () => {
  await rig.stop();
  vi.restoreAllMocks();
});

/** Ann and Ben work on the machine. */
async function up(): Promise<void> {
  rig = await Rig.start({ trust: { ownUid: 0, adminGid: 777 } });
  chmodSync(rig.dir, 0o755);
  const { daemon } = rig;
  daemon.list = [
    fakeAgent({ pid: 1, uid: ANN, since: T0 }),
    fakeAgent({ pid: 2, uid: BEN, since: T0, exit_code: null, signal: 'SIGTERM', signal_sender: null }),
  ];
  daemon.alerts = [ANN, BEN, null].map((uid, index) =>
    fakeAlert({
      id: index + 1,
      rule: index === 0 ? 'runtime' : 'ram',
      subject: { ...fakeAlert().subject, uid },
    }),
  );
  daemon.past = [ANN, BEN].map((uid, index) => ({ uid, event: fakeEvent({ pid: index + 1 }) }));
  daemon.report = fakeHealth({ pid: 1 });
  const machine = snapshot();
  daemon.last = {
    ...machine,
    processes: machine.processes.map((process, index) => ({ ...process, uid: index % 2 === 0 ? ANN : BEN })),
  };
  daemon.reportOfPeriod = {
    from: T0,
    to: T0,
    bucket_s: 1800,
    host: { cpu_percent: [null, { min: 0, avg: 1.5, max: 3 }] },
    sessions: [],
    top_memory: [],
    top_cpu: [],
    alerts: [],
    actions: [],
    model: { requests: 0, input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 },
  };
  daemon.explained = {
    explanation: {
      time_ms: TIME_MS,
      by: 'rules',
      model: null,
      diagnosis: { diagnostic: 'it burns', severity: 'high', actions: [], prevention: 'end it' },
      failure: { code: 'disabled', message: 'No model is asked: ai.enabled is false.', wait_ms: null },
      usage: null,
      proposals: [],
      left_out: [],
    },
    plans: [],
  };
  daemon.done = [ANN, BEN].map(uid => fakeAction(uid, { time_ms: TIME_MS }));
}

/** Everything that a real process of that user gets: the answers, then what is pushed. */
async function told(uid: number, groups: readonly number[]): Promise<string[]> {
  await up();
  const args = [rig.server.socketPath, `${uid}`, `${uid}`, JSON.stringify(groups), JSON.stringify(REQUESTS)];
  const child = spawn(process.execPath, [ASKER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'asked all') {
      lines.push(line);
      continue;
    }
    for (const [index, owner] of [ANN, BEN].entries()) {
      rig.daemon.emit(fakeEvent({ pid: index + 1 }), owner);
      rig.daemon.emitAlert(fakeAlert({ id: 8 + index, subject: { ...fakeAlert().subject, uid: owner } }));
    }
    rig.daemon.look(rig.daemon.last!);
    rig.daemon.observe({ type: 'clock', time_ms: TIME_MS });
    child.stdin.end('\n');
  }
  return lines.map(line => lasting(line));
}

/** Without what grows: the keys of the configuration, the names of all commands. */
function lasting(line: string): string {
  const { id, data } = JSON.parse(line);
  if (JSON.parse(REQUESTS[id] ?? '{}').cmd !== 'get_config' || data === undefined)
    return line.replace(/known are .*"/, 'known are …"');
  const { general, detection } = data;
  return JSON.stringify({ id, data: { general, cpu_high: detection.cpu_high } });
}

describe.skipIf(process.getuid!() !== 0)('what goes over the socket', () => {
  it.each<[string, number, number[]]>([
    ['root', 0, []],
    ['group', ANN, [777]],
    ['user', ANN, []],
  ])('is for %s as it ever was', async (name, uid, groups) => {
    const file = new URL(`./fixtures/wire-${name}.jsonl`, import.meta.url);
    const lines = await told(uid, groups);
    if (process.env.VIGIL_RECORD_WIRE === '1') writeFileSync(file, `${lines.join('\n')}\n`);
    expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
  });
});
