import { type ChildProcess, execFileSync } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HelperAlert } from '../../../src/outputs/desktop/protocol.js';
import { TrayBar } from './bar.js';
import { Desktop, HAS_DESKTOP, type Notified, sleep, until } from './desktop.js';
import { HelperRig, helperAgent, nowMs } from './helper-rig.js';
import { CAN_BE_USERS, ended, Installed, ROOT, User } from './user.js';

/** Alerts, and the icon in the tray, on a real sway with SwayNC and waybar; told to a helper by the test. */
describe.skipIf(!CAN_BE_USERS || !HAS_DESKTOP)('on a desktop', () => {
  let installed: Installed;
  let user: User;
  let desktop: Desktop;
  let bar: TrayBar;
  let rig: HelperRig;
  let swaync: ChildProcess;

  beforeAll(async () => {
    installed = new Installed();
    user = new User('vigilalert');
    desktop = new Desktop(user, installed);
    bar = new TrayBar(desktop);
    await desktop.startBus();
    await desktop.startSway();
    swaync = await desktop.startNotifications();
    await desktop.spy();
    bar.start();
    execFileSync('mkdir', ['-p', join(ROOT, 'build/screenshots')]);
  }, 60_000);

  afterEach(async () => {
    if (rig?.alive) await rig.end();
    expect(rig?.stderr ?? '').toBe('');
  });

  afterAll(async () => {
    await user?.stop();
    installed?.remove();
  });

  const shot = (name: string) => desktop.screenshot(join(ROOT, 'build/screenshots', `${name}.png`));
  const leak: HelperAlert = {
    id: 7,
    opened_ms: 1_700_000_000_000.25,
    severity: 'high',
    title: '14 orphans of the Claude session in ~/<b>shop</b>',
    text: 'They hold 3.2 GB & have no parent since 12 min.',
    suggestion: 'vigil reap 7',
    status: 'open',
  };
  const popup = (since: number, text: string): Promise<Notified> =>
    until(`a popup with "${text}"`, () =>
      desktop
        .notified()
        .slice(since)
        .find(({ summary, body }) => `${summary}\n${body}`.includes(text)),
    );

  it('an alert is one popup: updated in place, closed when it is over, and the icon says how bad it is', async () => {
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    const since = desktop.notified().length;
    rig.send({ type: 'alerts', alerts: [leak, { ...leak, id: 8, severity: 'warning', title: 'mild' }] });
    const first = await popup(since, 'orphans');
    expect(first).toMatchObject({
      summary: 'vigil: alert A7',
      body: '<b>14 orphans of the Claude session in ~/&lt;b&gt;shop&lt;/b&gt;</b>\nThey hold 3.2 GB &amp; have no parent since 12 min.\n→ vigil reap 7',
      icon: 'dialog-warning',
      actions: ['default', 'Details', 'details', 'Details'],
    });
    expect(first.hints).toMatchObject({ urgency: 1, category: 'x-vigil.alert', 'desktop-entry': 'vigil' });
    const item = await bar.item();
    expect(bar.property(item, 'ToolTip')).toContain('2 alerts');
    expect(bar.property(item, 'Status')).toContain('NeedsAttention');
    expect(bar.layout(item)).toMatch(/high: 14 orphans[\s\S]*warning: mild/);
    await sleep(400);
    shot('alert-high');

    const worse: HelperAlert = { ...leak, severity: 'critical', text: 'They hold 30 GB.' };
    rig.send({ type: 'alerts', alerts: [worse] });
    const second = await popup(since, '30 GB');
    expect(second).toMatchObject({
      summary: 'vigil: critical A7',
      id: first.id,
      replaces: first.id,
      icon: 'dialog-error',
      expires: 0,
    });
    expect(second.hints).toMatchObject({ urgency: 2 });
    await until('the tray to say so', () => bar.property(item, 'ToolTip').includes('1 critical'));
    await sleep(400);
    shot('alert-critical');

    // A click shows all about it, in a terminal that stays.
    const windows = desktop.windows().length;
    bar.click(item, 'critical: 14 orphans');
    const opened = await until('a terminal', () => desktop.windows()[windows], 8_000);
    expect(opened.app).toBe('foot');
    desktop.msg(`[con_id=${opened.id}]`, 'kill');

    rig.send({ type: 'alerts', alerts: [{ ...worse, status: 'resolved' }] });
    await until('the popup to go', () => desktop.closed().includes(first.id));
    expect(desktop.notified().slice(since)).toHaveLength(2);
  }, 30_000);

  it('one that was dismissed comes back only when it gets worse; in quiet hours only critical ones come', async () => {
    rig = HelperRig.start(user, installed, { notifications: { quiet_hours: '00:00-23:59' } });
    const since = desktop.notified().length;
    rig.send({ type: 'alerts', alerts: [leak] });
    await rig.hasLogged('connected to the session bus');
    await sleep(300);
    expect(desktop.notified()).toHaveLength(since);
    rig.send({ type: 'alerts', alerts: [{ ...leak, severity: 'critical' }] });
    const shown = await popup(since, 'orphans');
    user.run(['swaync-client', '--close-latest'], desktop.env);
    await until('it to be dismissed', () => desktop.closed().includes(shown.id));
    rig.send({ type: 'alerts', alerts: [{ ...leak, severity: 'critical', text: 'still there' }] });
    await sleep(300);
    expect(desktop.notified()).toHaveLength(since + 1);

    // The next helper of this login knows of it.
    await rig.end();
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    const mild: HelperAlert = { ...leak, id: 9, title: 'not dismissed' };
    rig.send({ type: 'alerts', alerts: [{ ...leak, severity: 'critical' }, mild] });
    await popup(since + 1, 'not dismissed');
    expect(bar.property(await bar.item(), 'ToolTip')).toContain('2 alerts');
    expect(desktop.notified()).toHaveLength(since + 2);
  }, 30_000);

  it('a daemon that dies without a farewell leaves a red icon, until a helper serves the desktop again', async () => {
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    rig.agents(helperAgent({ state: 'WAITING', reason: 'approval', asks: 'Bash: ls', since_ms: nowMs() }));
    const shown = await popup(0, 'Bash: ls');
    await bar.item();
    const orphan = rig;
    orphan.child.stdin!.end();
    await until('the popup to go', () => desktop.closed().includes(shown.id));
    const item = await bar.saying('vigil is not running');
    expect(bar.layout(item)).toContain('vigil is not running');
    expect(orphan.alive).toBe(true);
    shot('tray-red');

    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    rig.agents(helperAgent());
    await until('the old helper to go', () => !orphan.alive, 8_000);
    await bar.saying('1 agent');
    await rig.end();
    await until('the icon to go', () => bar.items().length === 0);
  }, 30_000);

  it('Quit takes all of it from the desktop, also for the next helper, until it is asked for again', async () => {
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    const since = desktop.notified().length;
    rig.agents(helperAgent({ state: 'WAITING', reason: 'approval', asks: 'Bash: quit', since_ms: nowMs() }));
    const shown = await popup(since, 'Bash: quit');
    bar.click(await bar.item(), 'Quit until the next login');
    await until('the popup to go', () => desktop.closed().includes(shown.id));
    await until('the icon to go', () => bar.items().length === 0);
    await rig.end();
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    rig.agents(helperAgent({ state: 'WAITING', reason: 'approval', asks: 'Bash: no', since_ms: nowMs() }));
    await until('it to say why', () =>
      rig.said.some(one => one.type === 'desktop' && one.desktop.note?.includes('quit vigil')),
    );
    expect(desktop.notified()).toHaveLength(since + 1);
    user.run(['rm', join(user.runtime, 'vigil', 'quit')]);
    await popup(since, 'Bash: no');
  }, 30_000);

  it('SwayNC takes the rules of contrib/: finished turns pass, requests stay', async () => {
    rig = HelperRig.start(user, installed);
    const count = () => Number(user.run(['swaync-client', '--count'], desktop.env));
    const agents = (text: string) => [
      helperAgent({
        pid: 4_100_001,
        state: 'WAITING',
        reason: 'done',
        worked_ms: 60_000,
        cwd: `/x/done-${text}`,
      }),
      helperAgent({ pid: 4_100_002, state: 'WAITING', reason: 'approval', asks: `Bash: ${text}` }),
    ];
    const both = async (text: string) => {
      const since = desktop.notified().length;
      rig.agents(...agents(text));
      await popup(since, `done-${text}`);
      await popup(since, `Bash: ${text}`);
      await sleep(300);
    };
    user.run(['swaync-client', '--close-all'], desktop.env);
    await both('plain');
    expect(count()).toBe(2);

    rig.agents();
    await ended(swaync);
    const config = JSON.parse(readFileSync('/etc/xdg/swaync/config.json', 'utf8'));
    const rules = JSON.parse(readFileSync(join(ROOT, 'contrib/swaync/vigil.json'), 'utf8'));
    const file = join(user.runtime, 'swaync.json');
    writeFileSync(file, JSON.stringify({ ...config, ...rules }));
    chownSync(file, user.uid, user.gid);
    const complaints: string[] = [];
    swaync = await desktop.startNotifications(file, complaints);
    await both('ruled');
    expect(count()).toBe(1);
    expect(complaints.join('')).not.toMatch(/CRITICAL|JSON|config/i);
  }, 30_000);
});
