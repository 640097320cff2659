import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { createLogger } from '../../../src/lib/log/logger.js';
import { createChannels } from '../../../src/outputs/channels/setup.js';
import { Webhook } from '../../../src/outputs/channels/webhook.js';
import { change, TIME_MS } from './changes.js';
import { type Answer, Receiver } from './receiver.js';

const TOPIC = 'topic-nobody-may-know';

let receiver: Receiver;
let lines: string[];
let webhook: Webhook;

const logged = () => lines.join('');

beforeEach(async () => {
  receiver = new Receiver();
  lines = [];
  await receiver.start();
});
afterEach(async () => {
  await webhook?.stop();
  await receiver.stop();
});

const log = () => createLogger({ level: 'trace', format: 'json', write: text => lines.push(text) });

function make(over: Record<string, unknown> = {}, address = `${receiver.url}/${TOPIC}`): Webhook {
  const { webhooks } = configSchema.parse({
    webhooks: [{ type: 'json', url_env: 'HOOK', timeout_s: 1, ...over }],
  });
  webhook = new Webhook(webhooks[0]!, {
    name: 'test',
    host: 'workstation',
    readAddress: () => ({ ok: true, value: address, source: '$HOOK' }),
    now: () => TIME_MS,
    log: log(),
    backoff_ms: [10, 20],
  });
  return webhook;
}

const ids = () => receiver.received.map(({ body }) => JSON.parse(body).alert.id);

describe('a webhook', () => {
  it('posts, in order', async () => {
    make();
    for (const id of [1, 2, 3]) webhook.send(change({ id }));
    await webhook.drained();
    expect(ids()).toEqual([1, 2, 3]);
    expect(receiver.received[0]).toMatchObject({
      path: `/${TOPIC}`,
      headers: { 'content-type': 'application/json' },
    });
    expect(webhook.health()).toEqual({
      name: 'test',
      sent: 3,
      failed: 0,
      dropped: 0,
      waiting: 0,
      trouble: null,
    });
  });

  it('posts the others, too, when one cannot be made a message by an error of vigil itself', async () => {
    make();
    webhook.send(change({ id: 1, title: null as never }));
    webhook.send(change({ id: 2 }));
    await webhook.drained();
    expect(ids()).toEqual([2]);
    expect(webhook.health()).toMatchObject({ sent: 1, failed: 1, trouble: null });
    expect(logged()).toContain('an alert could not be made a message');
  });

  it('leaves milder alerts alone, and sees announced ones through', async () => {
    make({ min_severity: 'high' });
    webhook.send(change({ id: 1, severity: 'warning' }));
    webhook.send(change({ id: 1, severity: 'warning' }, 'alert_resolved'));
    webhook.send(change({ id: 2, severity: 'critical' }));
    webhook.send(change({ id: 2, severity: 'warning' }, 'alert_updated'));
    webhook.send(change({ id: 2, severity: 'warning' }, 'alert_resolved'));
    webhook.send(change({ id: 2, severity: 'warning' }, 'alert_updated'));
    await webhook.drained();
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'alert_opened',
      'alert_updated',
      'alert_resolved',
    ]);
  });

  it.each([
    ['429', { status: 429, headers: { 'retry-after': '0' } }],
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['a closed connection', 'reset'],
    ['silence', 'never'],
  ] as [string, Answer][])('tries again after %s', async (_, answer) => {
    receiver.answers = [answer, { status: 204 }];
    make().send(change());
    await webhook.drained();
    expect(receiver.received).toHaveLength(2);
    expect(webhook.health()).toMatchObject({ sent: 1, failed: 0, trouble: null });
  });

  it.each([
    [400, /refused the message \(400\)$/],
    [401, /wrong or was revoked/],
    [404, /wrong or was revoked/],
    [410, /wrong or was revoked/],
    [413, /\(413\)/],
    [301, /redirects elsewhere \(301\)/],
  ])('does not try again after %d', async (status, words) => {
    const other = new Receiver();
    await other.start();
    receiver.answers = [{ status, headers: { location: `${other.url}/stolen` } }];
    make().send(change());
    await webhook.drained();
    expect(receiver.received).toHaveLength(1);
    expect(other.received).toHaveLength(0);
    expect(webhook.health()).toMatchObject({ sent: 0, failed: 1, trouble: expect.stringMatching(words) });
    await other.stop();
  });

  it('gives up after three attempts, and then goes on with the next', async () => {
    receiver.answers = [{ status: 500 }, { status: 500 }, { status: 500 }, { status: 200 }];
    make();
    webhook.send(change({ id: 1 }));
    webhook.send(change({ id: 2 }));
    await webhook.drained();
    expect(ids()).toEqual([1, 1, 1, 2]);
    expect(webhook.health()).toMatchObject({ sent: 1, failed: 1, trouble: null });
  });

  it('keeps at most a hundred, the newest', async () => {
    receiver.answers = ['never', { status: 200 }];
    make();
    for (let id = 1; id <= 300; id++) webhook.send(change({ id }));
    await webhook.drained();
    expect(webhook.health()).toMatchObject({ sent: 101, dropped: 199 });
    expect(ids().at(-1)).toBe(300);
  });

  it('keeps no more than a mebibyte, however many processes each alert is about', async () => {
    make({}, 'http://127.0.0.1:9/');
    const { subject } = change().alert;
    const cmdline = Array.from({ length: 400 }, (_, i) => `arg${i} `).join('');
    const processes = Array.from({ length: 50 }, (_, i) => ({
      ...subject.processes[0]!,
      pid: i + 2,
      cmdline,
    }));
    for (let id = 1; id <= 60; id++) webhook.send(change({ id, subject: { ...subject, processes } }));
    const { waiting, dropped } = webhook.health();
    expect(waiting).toBeGreaterThan(3);
    expect(waiting).toBeLessThan(40);
    expect(waiting + dropped).toBeGreaterThan(55);
  });

  it('one message that cannot be made is counted and told; the next ones leave', async () => {
    make();
    const broken = change({ id: 1 });
    (broken.alert as { subject: unknown }).subject = null;
    webhook.send(broken);
    webhook.send(change({ id: 2 }));
    await webhook.drained();
    expect(webhook.health()).toMatchObject({ sent: 1, failed: 1, waiting: 0 });
    expect(logged()).toContain('an alert could not be made a message');
    webhook.send(change({ id: 3 }));
    await webhook.drained();
    expect(ids()).toEqual([2, 3]);
  });

  it('an address that cannot be looked up for a reason of ours harms that message only', async () => {
    make();
    const deps = (webhook as unknown as { deps: { readAddress: () => unknown } }).deps;
    const { readAddress } = deps;
    deps.readAddress = () => {
      throw new Error('no');
    };
    webhook.send(change({ id: 1 }));
    await webhook.drained();
    deps.readAddress = readAddress;
    webhook.send(change({ id: 2 }));
    await webhook.drained();
    expect(ids()).toEqual([2]);
    expect(webhook.health()).toMatchObject({ sent: 1, failed: 1, trouble: null });
  });

  it('waits for no endless answer', async () => {
    receiver.answers = ['endless'];
    make().send(change());
    await webhook.drained();
    expect(webhook.health()).toMatchObject({ sent: 1 });
  });

  it('stops at once, also while it waits', async () => {
    receiver.answers = ['never'];
    make({ timeout_s: 100 });
    webhook.send(change({ id: 1 }));
    webhook.send(change({ id: 2 }));
    while (receiver.received.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    await webhook.stop();
    expect(webhook.health()).toMatchObject({ sent: 0, failed: 2, waiting: 0 });
    webhook.send(change({ id: 3 }));
    expect(webhook.health()).toMatchObject({ waiting: 0 });
  });

  it('never tells its address: not in logs, not in its health', async () => {
    const dead = new Receiver();
    await dead.start();
    const gone = `${dead.url}/${TOPIC}?token=${TOPIC}`;
    await dead.stop();
    const troubles: (string | null)[] = [];
    for (const address of [
      gone,
      `http://${TOPIC}.invalid/`,
      `not an address ${TOPIC}`,
      `ftp://h/${TOPIC}`,
      `http://h:99999/${TOPIC}`,
    ]) {
      make({}, address).send(change());
      await webhook.drained();
      troubles.push(webhook.health().trouble);
    }
    receiver.answers = [{ status: 404, body: TOPIC }];
    make().send(change());
    await webhook.drained();
    troubles.push(webhook.health().trouble);
    expect(troubles.every(trouble => trouble !== null)).toBe(true);
    expect(troubles[0]).toMatch(/ECONNREFUSED/);
    expect(`${logged()}${troubles.join()}`).not.toContain(TOPIC);
    expect(logged().match(/do not get through/g)).toHaveLength(6);
  });

  it('a dead server is one line in the log, and its return another', async () => {
    receiver.answers = [...Array(9).fill({ status: 500 }), { status: 200 }];
    make();
    for (const id of [1, 2, 3, 4]) webhook.send(change({ id }));
    await webhook.drained();
    expect(logged().match(/do not get through/g)).toHaveLength(1);
    expect(logged().match(/get through to the webhook again/g)).toHaveLength(1);
  });

  it('logs in with the user of the address', async () => {
    make({}, receiver.url.replace('http://', 'http://ann:p%40ss@')).send(change());
    await webhook.drained();
    expect(receiver.received[0]!.headers.authorization).toBe(
      `Basic ${Buffer.from('ann:p@ss').toString('base64')}`,
    );
  });

  it('ntfy gets its title whole', async () => {
    make({ type: 'ntfy' }).send(change({ title: 'Speicher läuft voll → 🔥' }));
    await webhook.drained();
    const { title, priority } = receiver.received[0]!.headers;
    expect(priority).toBe('4');
    const words = String(title)
      .split(' ')
      .map(word => /^=\?UTF-8\?B\?(.*)\?=$/.exec(word)![1]!);
    expect(words.map(word => Buffer.from(word, 'base64').toString()).join('')).toContain('läuft voll → 🔥');
  });
});

describe('the configured channels', () => {
  it('find their addresses where the configuration says', async () => {
    const config = configSchema.parse({
      webhooks: [
        { type: 'slack', url_env: 'SLACK_URL' },
        { type: 'ntfy', url_env: 'MISSING' },
      ],
    });
    const env = { SLACK_URL: `${receiver.url}/services/T0/B0/x` };
    const channels = createChannels(config, { host: 'h', now: () => TIME_MS, env, log: log() });
    for (const channel of channels) channel.send(change());
    await Promise.all(channels.map(channel => (channel as Webhook).drained()));
    expect(receiver.received.map(({ path }) => path)).toEqual(['/services/T0/B0/x']);
    expect(channels.map(channel => channel.health())).toMatchObject([
      { name: 'slack (webhook 1)', sent: 1, trouble: null },
      { name: 'ntfy (webhook 2)', failed: 1, trouble: '$MISSING is not set' },
    ]);
    await Promise.all(channels.map(channel => channel.stop()));
  });

  it('need to be told where an address is', () => {
    expect(() => configSchema.parse({ webhooks: [{ type: 'slack' }] })).toThrow(/url_env/);
    expect(() =>
      configSchema.parse({ webhooks: [{ type: 'slack', url_env: 'https://hooks.slack.com/x' }] }),
    ).toThrow(/not the secret itself/);
  });
});
