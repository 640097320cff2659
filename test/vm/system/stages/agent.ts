import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check, eventually, holds, same } from '../check.js';
import { agent, health, RUNTIME_DIR, run, statusLine, UID, USER } from '../guest.js';
import { RUN_WHEN_ALLOWED } from '../protocol.js';
import { type Follower, NotificationServer, type PlayedAgent } from '../session.js';

/** A user with a lingering session, and a notification server on its bus. */
export async function startDesktop(): Promise<NotificationServer> {
  await run('loginctl', 'enable-linger', USER);
  await check('the user has a session bus', () =>
    eventually(60, () => holds(statSync(join(RUNTIME_DIR, 'bus')).isSocket(), 'no socket')),
  );
  const server = new NotificationServer(`unix:path=${RUNTIME_DIR}/bus`);
  await check('and a notification server on it', () =>
    eventually(60, () =>
      holds(
        server.calls.some(({ call }) => call === 'ready'),
        'it is not ready',
      ),
    ),
  );
  return server;
}

/** A real agent of that user, and all that vigil shows of it. */
export async function workAndAsk(
  played: PlayedAgent,
  follower: Follower,
  server: NotificationServer,
): Promise<void> {
  await played.start();
  const { pid } = played;

  await check('at its first prompt it is WAITING', () =>
    eventually(15, async () => same((await agent(pid)).state, 'WAITING')),
  );
  await check('with its user, terminal and folder', async () => {
    const { user, tty, cwd } = await agent(pid);
    same([user, tty, cwd?.startsWith('/var/tmp/vigil-lab/')], [USER, played.tty, true]);
  });
  await helper();

  const asked = played.tell(RUN_WHEN_ALLOWED);
  await check('prompted it is WORKING', () =>
    eventually(60, async () => same((await agent(pid)).state, 'WORKING')),
  );
  await check('its badge says working', () => eventually(15, () => same(badge(pid).state, 'working')));
  await check('it asks for permission', () => asked);
  await check('and is WAITING for approval', () =>
    eventually(10, async () => {
      const { state, reason } = await agent(pid);
      same(`${state} ${reason}`, 'WAITING approval');
    }),
  );
  await check('what it asks is known from its transcript', () =>
    eventually(10, async () =>
      holds(/Bash: sleep 3/.test((await agent(pid)).asks ?? ''), `${(await agent(pid)).asks}`),
    ),
  );
  await check('its badge says stopped, and is its user’s', () =>
    eventually(10, () => {
      const { uid, mode } = statSync(badgeFile(pid));
      same(
        [badge(pid).state, badge(pid).needs_attention, uid, (mode & 0o777).toString(8)],
        ['stopped', true, UID, '644'],
      );
    }),
  );
  await check('a popup on the user’s bus says what it asks', () =>
    eventually(10, () => {
      const popups = server.calls.filter(({ call }) => call === 'Notify');
      holds(
        popups.some(({ body, summary }) => `${summary} ${body}`.includes('sleep 3')),
        JSON.stringify(popups),
      );
    }),
  );
  await check('accepted it works, and its turn ends', () => played.tell({ do: 'accept' }));
  await check('then it is WAITING, done', () =>
    eventually(10, async () => {
      const { state, reason } = await agent(pid);
      same(`${state} ${reason}`, 'WAITING done');
    }),
  );
  await check('the popup of the request was closed or replaced', () =>
    eventually(10, () => {
      const [first, ...later] = server.calls.filter(({ call }) => call !== 'ready');
      holds(
        later.some(({ id }) => id === first?.id),
        JSON.stringify(server.calls),
      );
    }),
  );
  await check('all of it was told as it happened', () => {
    const states = follower.of(pid).map(({ to }) => to);
    holds(/WAITING.*WORKING.*WAITING.*WORKING.*WAITING/.test(states.join()), states.join());
  });
}

/** What runs as the user, and with how little. */
async function helper(): Promise<void> {
  await check('the helper of its user runs, and found the bus', () =>
    eventually(30, async () => {
      const { helpers } = await health();
      same(
        helpers.map(({ user, state, desktop }) => [user, state, desktop?.session_bus]),
        [[USER, 'running', true]],
      );
    }),
  );
  const pid = (await health()).helpers[0]?.pid ?? 0;
  await check('it is its user’s, with no capability, and not shielded from the OOM killer', () => {
    const capabilities = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(name =>
      Number.parseInt(statusLine(pid, name), 16),
    );
    same([statusLine(pid, 'Uid').split('\t')[0], ...capabilities], [UID, 0, 0, 0, 0, 0]);
    same(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '0');
  });
}

interface Badge {
  state: string;
  needs_attention?: boolean;
}

function badgeFile(pid: number): string {
  return join(RUNTIME_DIR, 'vigil-sessions', `${pid}.json`);
}

function badge(pid: number): Badge {
  try {
    return JSON.parse(readFileSync(badgeFile(pid), 'utf8')) as Badge;
  } catch (error) {
    const there = readdirSync(RUNTIME_DIR).join(' ');
    throw new Error(`${(error as Error).message}; in ${RUNTIME_DIR}: ${there}`);
  }
}
