import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bus } from '../../../src/bus.js';
import { configSchema } from '../../../src/config/schema.js';
import { Actions } from '../../../src/daemon/alerts/actions.js';
import { AlertExplainer } from '../../../src/daemon/alerts/alert-explainer.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import type { InTurns } from '../../../src/lib/time/in-turns.js';
import { inSlices } from '../../../src/lib/time/slices.js';
import type { Alert } from '../../../src/model/alert.js';
import type { SessionSample, Snapshot } from '../../../src/model/snapshot.js';
import type { Viewer } from '../../../src/model/viewer.js';
import { alert, sample, snapshot, TIME_MS } from '../../diagnosis/incident.js';
import { ScriptedApi } from '../../diagnosis/scripted-api.js';

/** Ann (1000) and Ben (1001) work on the machine; the journal speaks of what only root may read. */

const ANN = { kind: 'user', uid: 1000 } as const;
const BEN = { kind: 'user', uid: 1001 } as const;
const ROOT = { kind: 'all' } as const;

let api: ScriptedApi;
let bus: Bus;
let actions: Actions;
let explainer: AlertExplainer;
let machine: Snapshot;

const agent = (pid: number, uid: number, name: string): SessionSample => ({
  ...snapshot().sessions[0]!,
  pid,
  uid,
  agent: name,
  alive: true,
});

beforeEach(async () => {
  api = new ScriptedApi();
  await api.start();
  const { ai, ...rest } = configSchema.parse({
    ai: { enabled: true, base_url: api.url, api_key_env: 'AI_KEY', cooldown_s: 0, min_severity: 'high' },
  });
  machine = {
    ...snapshot([
      sample(900, { uid: 0, comm: 'rootd', cmdline: 'rootd --of-root' }),
      sample(1100, { uid: 1000, comm: 'annd', cmdline: 'annd --of-ann' }),
      sample(1200, { uid: 1001, comm: 'bend', cmdline: 'bend --of-ben' }),
    ]),
    sessions: [agent(1101, 1000, 'ann-agent'), agent(1201, 1001, 'ben-agent')],
    events: [
      {
        type: 'journal',
        time_ms: TIME_MS,
        priority: 3,
        unit: 'ssh.service',
        identifier: 'sshd',
        pid: 5,
        message: 'only root may read this',
      },
    ],
  };
  const logger = createLogger({ level: 'error', format: 'json', write: () => {} });
  const faults = new FaultLog(logger);
  const config = { ai, ...rest };
  bus = new Bus(faults);
  actions = new Actions({ config, logger, bus, store: null, admin_gid: null });
  const env = { AI_KEY: `sk-ant-${'test'}-0123456789abcdef` };
  explainer = new AlertExplainer({ config, bus, store: null, actions, faults, env });
  await explainer.start();
  bus.emit('machine.snapshot', machine);
});

afterEach(async () => {
  explainer.stop();
  await actions.stop();
  await api.stop();
});

/** Of the whole machine: everybody gets to see it. */
const shared = (): Alert => ({
  ...alert({ id: 1, rule: 'ram', key: 'ram:host' }),
  subject: { kind: 'host', name: 'this machine', uid: null, processes: [], session: null, lineage: null },
});
const annsOwn = (): Alert =>
  alert({ id: 2, subject: { ...alert().subject, uid: 1000, processes: [], session: null } });

const hear = (about: Alert) => bus.emit('alert.changed', { type: 'alert_opened', time_ms: 0, alert: about });
const sent = (index: number) => api.requests[index]!.body;
/** Until a model has explained it unasked, and this is kept. */
const explained = async (about: Alert, sees: Viewer) => {
  await vi.waitFor(async () => {
    const before = api.requests.length;
    expect((await explainer.explainAlert(about, sees, inSlices)).explanation.by).toBe('model');
    expect(api.requests).toHaveLength(before);
  }, 20_000);
};

describe('what a question tells', () => {
  const prompt = (sees: Viewer) => explainer.prompt({ kind: 'alert', alert: shared() }, sees).user;

  it('to root and the group: everything', () => {
    for (const text of ['only root may read this', 'ann-agent', 'ben-agent', '--of-root', '--of-ann'])
      expect(prompt(ROOT)).toContain(text);
  });

  it('to a user: the machine and their own, neither its journal nor agents or processes of others', () => {
    for (const text of ['cpu', '3 processes', 'ann-agent 1101', '--of-ann'])
      expect(prompt(ANN)).toContain(text);
    for (const text of ['only root', 'sshd', 'ben-agent', '1201', '--of-ben', '--of-root'])
      expect(prompt(ANN)).not.toContain(text);
  });

  it('to a user of the processes of an alert: their own', () => {
    const { processes } = machine;
    const about = { ...shared(), subject: { ...shared().subject, kind: 'processes' as const, processes } };
    const text = explainer.prompt({ kind: 'alert', alert: about }, ANN).user;
    expect(text).toContain('--of-ann');
    expect(text).not.toContain('--of-ben');
  });

  it('to a user whose process is asked about: the same', () => {
    const text = explainer.prompt({ kind: 'process', pid: 1100 }, ANN).user;
    expect(text).toContain('--of-ann');
    expect(text).not.toMatch(/only root|ben-agent|--of-ben/);
  });

  it('is kept to where the rules explain', async () => {
    explainer.configure(configSchema.parse({}));
    const { explanation } = await explainer.explainAlert(shared(), ANN, inSlices);
    expect(explanation.by).toBe('rules');
    expect(explanation.diagnosis.diagnostic).toContain('ann-agent');
    expect(explanation.diagnosis.diagnostic).not.toContain('ben-agent');
  });
});

describe('what a model said', () => {
  it('of everything is for who sees everything; a user’s answer is made from what they see, and theirs alone', async () => {
    hear(shared());
    await explained(shared(), ROOT);
    expect(api.requests).toHaveLength(1);
    expect(sent(0)).toContain('only root may read this');

    await explainer.explainAlert(shared(), ANN, inSlices);
    expect(api.requests).toHaveLength(2);
    expect(sent(1)).toContain('--of-ann');
    expect(sent(1)).not.toMatch(/only root|ben-agent|--of-ben|--of-root/);
    await explainer.explainAlert(shared(), ANN, inSlices);
    expect(api.requests).toHaveLength(2);

    await explainer.explainAlert(shared(), BEN, inSlices);
    expect(api.requests).toHaveLength(3);
    expect(sent(2)).not.toMatch(/only root|ann-agent|--of-ann/);
  });

  it('unasked of a user’s own alert rests on what that user sees, so that they may read it, and root too', async () => {
    hear(annsOwn());
    await explained(annsOwn(), ANN);
    await explained(annsOwn(), ROOT);
    expect(api.requests).toHaveLength(1);
    expect(sent(0)).toContain('--of-ann');
    expect(sent(0)).not.toMatch(/only root|ben-agent|--of-ben/);
  });

  it('is not shared while it is being said, nor remembered for others', async () => {
    const [root, ann] = await Promise.all([
      explainer.explainAlert(shared(), ROOT, inSlices),
      explainer.explainAlert(shared(), ANN, inSlices),
    ]);
    expect(root.explanation.by).toBe('model');
    expect(ann.explanation.failure).toMatchObject({ code: 'busy' });
    api.script = [{ kind: 'status', status: 401 }];
    expect((await explainer.explainAlert(shared(), ANN, inSlices)).explanation.by).toBe('rules');
  });

  it('costs the turns of the one who asks: what is planned about an alert, and about a process', async () => {
    let asked = 0;
    const inTurns: InTurns = work => {
      asked++;
      return inSlices(work);
    };
    await explainer.explainAlert(shared(), ANN, inTurns);
    expect(asked).toBeGreaterThan(0);
    asked = 0;
    await explainer.explainProcess(1100, ANN, inTurns);
    expect(asked).toBeGreaterThan(0);
  });

  it('is forgotten when the alert is over, for everybody', async () => {
    await explainer.explainAlert(shared(), ANN, inSlices);
    await explainer.explainAlert(shared(), ROOT, inSlices);
    const over: Alert = { ...shared(), status: 'resolved', resolved_ms: 1 };
    bus.emit('alert.changed', { type: 'alert_resolved', time_ms: 1, alert: over });
    await explainer.explainAlert(shared(), ANN, inSlices);
    await explainer.explainAlert(shared(), ROOT, inSlices);
    expect(api.requests).toHaveLength(4);
  });
});
