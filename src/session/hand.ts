import { readJsonLines } from './json-lines.js';
import { createOut } from './out.js';
import { type HandConfig, MAX_LINE_TO_HAND_BYTES, type ToHand, toHandSchema } from './protocol.js';
import { UserSession } from './user-session.js';
import { HandWords } from './words.js';

/**
 * A user's hand: started by the daemon with that user's identity and nothing else, told what to show on
 * stdin, answering on stdout. It ends when stdin does.
 */

const out = createOut(line => process.stdout.write(line));
const now = () => performance.timeOrigin + performance.now();
const words = new HandWords(out);
let session: UserSession | null = null;
let ending = false;

function start(config: HandConfig): void {
  const runtimeDir = process.env.XDG_RUNTIME_DIR;
  if (session !== null) return;
  if (runtimeDir === undefined || !runtimeDir.startsWith('/')) {
    out.log('info', 'no runtime directory: no badges and no notifications for this user');
    return;
  }
  const { notifications, badges, tray } = config;
  if (!notifications.enabled && !badges.enabled && !tray.enabled) return;
  session = new UserSession(runtimeDir, process.geteuid!(), config, out, now);
}

function take(message: ToHand): void {
  if (message.type === 'config') start(message.config);
  else if (message.type === 'words') words.sync(message.sessions);
  else session?.setAgents(message.agents);
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  words.close();
  await session?.close();
  process.exit(0);
}

readJsonLines(
  process.stdin,
  MAX_LINE_TO_HAND_BYTES,
  value => {
    const message = toHandSchema.safeParse(value);
    if (message.success) take(message.data);
    else out.log('error', `not understood: ${message.error.issues[0]?.path.join('.')}`);
  },
  why => out.log('error', `not understood: ${why}`),
);
process.stdin.on('end', () => void end());
process.stdin.on('error', () => void end());
process.stdout.on('error', () => void end());
process.on('SIGTERM', () => void end());
// Ctrl-C on the daemon's terminal reaches its children, too; the daemon decides.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
