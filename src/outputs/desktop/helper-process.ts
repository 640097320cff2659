import { join } from 'node:path';
import { Rate } from '../../lib/limits/rate.js';
import { keepSmall } from '../../lib/process/resident-pages.js';
import { onUncaught } from '../../lib/process/uncaught.js';
import { printable } from '../../lib/text/printable.js';
import { keepTimeOf, now } from '../../lib/time/time.js';
import { readJsonLines } from './json-lines.js';
import { createOut } from './out.js';
import {
  type HelperAgent,
  type HelperAlert,
  type HelperConfig,
  MAX_LINE_TO_HELPER_BYTES,
  SILENT_AFTER_MS,
  type ToHelper,
  toHelperSchema,
} from './protocol.js';
import { TranscriptPasser } from './transcripts.js';
import { isAnswered } from './tray/ping.js';
import { StandbyTray } from './tray/standby.js';
import { UserSession } from './user-session.js';

/**
 * A user's helper: started by the daemon with that user's identity and nothing else, told what to show on
 * stdin, answering on stdout. It ends with a farewell, or when stdin does; a daemon that died without one is
 * shown by a red icon.
 */

/** The daemon's times are compared with ours: theirs, though the wall clock was set since it started. */
const boot_ms = Number(process.argv[2] ?? Number.NaN);
if (Number.isFinite(boot_ms)) keepTimeOf(boot_ms);

/** Faults of our own in a minute, before another helper is to take our place. */
const FAULTS_AT_ONCE = 10;
const FAULTS_PER_S = FAULTS_AT_ONCE / 60;

let alone = false;
const out = createOut(line => {
  if (!alone) process.stdout.write(line);
});
const transcripts = new TranscriptPasser(out);
// One part of the desktop that fails must not take the others, nor the reading of files, with it.
const faults = new Rate(FAULTS_PER_S, FAULTS_AT_ONCE);
const fault = (error: unknown) => {
  const { stack } = error instanceof Error ? error : { stack: String(error) };
  out.log('error', `a fault of vigil's own: ${printable(stack ?? '', 400)}`);
  if (!faults.take()) process.exit(70);
};
onUncaught({ rejected: fault, thrown: fault });
keepSmall();
let session: UserSession | null = null;
let config: HelperConfig | null = null;
/** As they were told last: what a session begins with that is wanted later. */
let agents: readonly HelperAgent[] = [];
let alerts: readonly HelperAlert[] = [];
let ending = false;
let silence: NodeJS.Timeout | null = null;

function configure(given: HelperConfig): void {
  config = given;
  if (session !== null) {
    session.configure(given);
    return;
  }
  const runtimeDir = process.env.XDG_RUNTIME_DIR;
  const { notifications, badges, tray } = config;
  if (runtimeDir === undefined || !runtimeDir.startsWith('/')) without('no runtime directory');
  else if (!notifications.enabled && !badges.enabled && !tray.enabled)
    without('popups, badges and tray are switched off');
  else {
    session = new UserSession(runtimeDir, process.geteuid!(), config, out, now);
    session.setAgents(agents);
    session.setAlerts(alerts);
  }
}

function without(note: string): void {
  out.send({ type: 'desktop', desktop: { session_bus: false, compositor: null, note } });
}

function take(message: ToHelper): void {
  switch (message.type) {
    case 'config':
      configure(message.config);
      return;
    case 'transcripts':
      transcripts.sync(message.sessions);
      return;
    case 'agents':
      agents = message.agents;
      session?.setAgents(agents);
      return;
    case 'alerts':
      alerts = message.alerts;
      session?.setAlerts(alerts);
      return;
    case 'ping':
      out.send({ type: 'pong' });
      listen();
      return;
    case 'farewell':
      void end();
  }
}

/** A daemon that hangs does not ping. */
function listen(): void {
  session?.setSilent(false);
  if (silence !== null) clearTimeout(silence);
  silence = setTimeout(() => session?.setSilent(true), SILENT_AFTER_MS);
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  transcripts.close();
  await session?.close();
  process.exit(0);
}

/** The daemon is gone without a word: it crashed, or somebody killed it. */
async function orphaned(): Promise<void> {
  if (ending) return;
  ending = true;
  alone = true;
  if (silence !== null) clearTimeout(silence);
  transcripts.close();
  const hasIcon = session?.inTray ?? false;
  await session?.close();
  if (hasIcon && config !== null) {
    const { runtime_dir } = config;
    const runtimeDir = process.env.XDG_RUNTIME_DIR!;
    const answers = () => isAnswered(join(runtime_dir, 'vigil.sock'));
    await new StandbyTray({ runtimeDir, answers, until_served: true, log: out.log }).run();
  }
  process.exit(0);
}

readJsonLines(
  process.stdin,
  MAX_LINE_TO_HELPER_BYTES,
  value => {
    const message = toHelperSchema.safeParse(value);
    if (message.success) take(message.data);
    else out.log('error', `not understood: ${message.error.issues[0]?.path.join('.')}`);
  },
  why => out.log('error', `not understood: ${why}`),
);
process.stdin.on('end', () => void orphaned());
process.stdin.on('error', () => void orphaned());
process.stdout.on('error', () => void orphaned());
process.on('SIGTERM', () => (alone ? process.exit(0) : void end()));
// Ctrl-C on the daemon's terminal reaches its children, too; the daemon decides.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
