import { check, eventually, same } from '../check.js';
import { agent, USER } from '../guest.js';
import { RUN_WHEN_ALLOWED } from '../protocol.js';
import { Follower, PlayedAgent } from '../session.js';

/** An agent of another shape: a script that starts the process on the terminal, and a daemon without one that works. */
export async function codexWorks(): Promise<void> {
  const follower = new Follower();
  await follower.start();
  const played = new PlayedAgent('codex');
  await check('Codex starts', () => played.start());
  const state = async () => {
    const { agent: kind, state: now, reason } = await agent(played.pid);
    return `${kind} ${now} ${reason}`;
  };
  await check('at its first prompt it is WAITING', () =>
    eventually(15, async () => same(await state(), 'codex WAITING input')),
  );
  await check('with its user and terminal', async () => {
    const { user, tty } = await agent(played.pid);
    same([user, tty], [USER, played.tty]);
  });
  const asked = played.tell(RUN_WHEN_ALLOWED);
  await check('prompted it is WORKING', () =>
    eventually(60, async () => same((await agent(played.pid)).state, 'WORKING')),
  );
  await check('it asks for permission', () => asked);
  await check('and is WAITING for approval', () =>
    eventually(10, async () => same(await state(), 'codex WAITING approval')),
  );
  await check('accepted it works, and its turn ends', () => played.tell({ do: 'accept' }));
  await check('then it is WAITING, done', () =>
    eventually(10, async () => same(await state(), 'codex WAITING done')),
  );
  await check('Codex leaves', () => played.tell({ do: 'exit' }));
  await check('it is EXITED with code 0', () =>
    eventually(20, () => {
      const last = follower.of(played.pid).at(-1);
      same(`${last?.to} ${last?.exit_code}`, 'EXITED 0');
    }),
  );
  // In order, without times: emulated, Codex runs its hooks later than it says by itself that it works.
  await check('all changes of its state were told, and no other', () => {
    const told = follower.of(played.pid).map(({ to }) => to);
    // Another reason for the same state is told too.
    const states = told.slice(told.indexOf('WAITING')).filter((state, i, all) => state !== all[i - 1]);
    same(states.join(), 'WAITING,WORKING,WAITING,WORKING,WAITING,EXITED');
  });
  follower.stop();
  await played.tell({ do: 'end' });
}
