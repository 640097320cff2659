import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { matchSession } from '../../../../bench/accuracy/match.js';
import { sleep } from '../../../lab/clock.js';
import type { Heard } from '../../../lab/vigil.js';
import { check, eventually, holds, same } from '../check.js';
import { agent, alertOf, output, processes, run, service, UID } from '../guest.js';
import { Follower, type PlayedAgent } from '../session.js';
import { working } from './install.js';

const DROP_IN = '/run/systemd/system/vigil.service.d';

/** However the daemon ends, systemd starts it again, and it says nothing about the agent that is not true. */
export async function survive(played: PlayedAgent): Promise<void> {
  await run('systemctl', 'restart', 'vigil');
  await same_agent(played, 'systemctl restart');
  await check('history outlives a restart', async () => void (await alertOf('oom_kill')));

  // The shipped 30 s would only make the test longer.
  mkdirSync(DROP_IN, { recursive: true });
  writeFileSync(`${DROP_IN}/test.conf`, '[Service]\nWatchdogSec=8\n');
  await run('systemctl', 'daemon-reload');
  await run('systemctl', 'restart', 'vigil');
  await sleep(20_000);
  await check('the watchdog lets a daemon that lives alone', async () =>
    same(await service('NRestarts'), '0'),
  );
  await run('systemctl', 'kill', '-s', 'STOP', '--kill-whom=main', 'vigil');
  await check('one that hangs (SIGSTOP) is restarted', () => eventually(90, () => restarts(1)));
  await same_agent(played, 'a hang');
  await run('systemctl', 'kill', '-s', 'KILL', '--kill-whom=main', 'vigil');
  await check('one that was killed (SIGKILL) is restarted', () => eventually(60, () => restarts(2)));
  await same_agent(played, 'SIGKILL');
  await check('nothing of the old ones is left', () =>
    eventually(30, async () => {
      const main = Number(await service('MainPID'));
      const children = processes().filter(({ command }) => /bpftrace -f|session\/hand\.js/.test(command));
      const strangers = children.filter(({ ppid }) => ppid !== main);
      same(strangers.map(({ command }) => command).join(), '');
      same(children.filter(({ command }) => command.includes('hand.js')).length, 1);
    }),
  );
  rmSync(DROP_IN, { recursive: true });
  await run('systemctl', 'daemon-reload');
}

async function restarts(at_least: number): Promise<void> {
  holds(Number(await service('NRestarts')) >= at_least, `${await service('NRestarts')} restarts`);
  same(await service('ActiveState'), 'active');
}

/** The new daemon knows the agent, which waits, and never said anything else of it. */
async function same_agent(played: PlayedAgent, after: string): Promise<void> {
  await check(`after ${after} the agent still waits`, () =>
    eventually(60, async () => same((await agent(played.pid)).state, 'WAITING')),
  );
  await check(`and nothing else was said of it, after ${after}`, async () => {
    const said = await output('vigil', 'events', '--json');
    const events = said
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as Heard['event']);
    const states = events
      .filter(event => event.type === 'agent_state' && event.pid === played.pid)
      .map(({ to }) => to);
    holds(
      states.every(state => state === 'WAITING' || state === 'UNKNOWN'),
      states.join(),
    );
  });
}

/** The agent works once more under the new daemon, and leaves. */
export async function leave(played: PlayedAgent): Promise<void> {
  await working('after all that');
  const follower = new Follower();
  await check('an answer under the new daemon', () =>
    played.tell({
      do: 'prompt',
      text: 'say something please',
      steps: [{ do: 'text', text: 'Something.', delay_ms: 3000 }],
    }),
  );
  await check('the agent leaves', () => played.tell({ do: 'exit' }));
  await check('it is EXITED with code 0', () =>
    eventually(20, () => {
      const last = follower.of(played.pid).at(-1);
      same(`${last?.to} ${last?.exit_code}`, 'EXITED 0');
    }),
  );
  await check('its badge is gone', () =>
    eventually(20, async () => same(await output('ls', `/run/user/${UID}/vigil-sessions`), '')),
  );
  accuracy([...followed, ...follower.heard], played);
  follower.stop();
  await played.tell({ do: 'end' });
}

const followed: Heard[] = [];

/** Keeps what was heard while the first daemon ran. */
export function keep(heard: readonly Heard[]): void {
  followed.push(...heard);
}

/** All that was said of the agent beside all that was true of it, as `bench/accuracy` compares. */
function accuracy(heard: readonly Heard[], { pid, truth }: PlayedAgent): void {
  const of = heard.filter(({ event }) => event.pid === pid);
  const { lines, false_waits } = matchSession(truth, of, [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }]);
  const delays = lines.flatMap(({ delay_ms }) => (delay_ms === undefined ? [] : [Math.round(delay_ms)]));
  const count = (verdict: string) => lines.filter(line => line.verdict === verdict).length;
  const longest = Math.round(Math.max(0, ...false_waits.map(({ length_ms }) => length_ms)));
  console.log(
    `ACCURACY ${count('matched')} of ${lines.length - count('extra')} transitions, ${count('extra')} extra; delays ${delays.join(', ')} ms; longest false WAITING ${longest} ms`,
  );
}
