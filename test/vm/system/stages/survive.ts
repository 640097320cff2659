import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Heard } from '../../../lab/vigil.js';
import { check, eventually, holds, same } from '../check.js';
import {
  agent,
  alertOf,
  events,
  health,
  output,
  processes,
  RUNTIME_DIR,
  run,
  service,
  UID,
} from '../guest.js';
import { Follower, type PlayedAgent } from '../session.js';
import { accuracy } from './accuracy.js';
import { working } from './install.js';

/** However the daemon ends, systemd starts it again, and it says nothing about the agent that is not true. */
export async function survive(played: PlayedAgent): Promise<void> {
  await configure();
  // All that was checked before took more than two times the watchdog's 30 s.
  await check('the watchdog lets a daemon that lives alone', async () =>
    same(await service('NRestarts'), '0'),
  );
  await run('systemctl', 'kill', '-s', 'STOP', '--kill-whom=main', 'vigil');
  await check('one that hangs (SIGSTOP) is restarted', () => eventually(150, () => restarts(1)));
  await check('a key arrives as a credential', () => {
    const key = readFileSync('/run/credentials/vigil.service/ANTHROPIC_API_KEY', 'utf8');
    same(key.trim(), 'key');
  });
  await same_agent(played, 'a hang');
  await check('history outlives a restart', async () => void (await alertOf('oom_kill')));
  await run('systemctl', 'kill', '-s', 'KILL', '--kill-whom=main', 'vigil');
  await check('one that was killed (SIGKILL) is restarted', () => eventually(90, () => restarts(2)));
  await same_agent(played, 'SIGKILL');
  await check('nothing of the old ones is left', () =>
    eventually(30, async () => {
      const main = Number(await service('MainPID'));
      const children = processes().filter(({ command }) => /bpftrace -f|desktop\/helper\.js/.test(command));
      const strangers = children.filter(({ ppid }) => ppid !== main);
      same(strangers.map(({ command }) => command).join(), '');
      same(children.filter(({ command }) => command.includes('helper.js')).length, 1);
    }),
  );
}

/** A new configuration is taken over by the running daemon; keys come with the next start. */
async function configure(): Promise<void> {
  const before = await service('MainPID');
  appendFileSync('/etc/vigil/config.toml', '\n[detection.unit_failing]\nfailures = 4\n');
  await check('systemctl reload', async () => void (await run('systemctl', 'reload', 'vigil')));
  await check('the running daemon takes the configuration over', () =>
    eventually(20, async () => {
      const log = await output('journalctl', '-u', 'vigil', '-o', 'cat', '--no-pager');
      holds(log.includes('the configuration is taken over'), log.split('\n').at(-1)!);
      same(await service('MainPID'), before);
    }),
  );
  mkdirSync('/etc/credstore', { recursive: true });
  writeFileSync('/etc/credstore/ANTHROPIC_API_KEY', 'key\n', { mode: 0o600 });
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
  await check(`and its user’s desktop is served, after ${after}`, () =>
    eventually(30, async () => {
      const helper = (await health()).helpers.find(({ uid }) => uid === UID);
      holds(helper?.state === 'running' && helper.desktop?.session_bus === true, JSON.stringify(helper));
    }),
  );
  await check(`and nothing else was said of it, after ${after}`, async () => {
    const states = (await events()).flatMap(event =>
      event.type === 'agent_state' && event.pid === played.pid ? [event.to] : [],
    );
    holds(
      states.every(state => state === 'WAITING' || state === 'UNKNOWN'),
      states.join(),
    );
  });
}

/** The agent works once more under the new daemon, and leaves. */
export async function leave(played: PlayedAgent, heardBefore: readonly Heard[]): Promise<void> {
  await working('after all that');
  const follower = new Follower();
  await follower.start();
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
    eventually(20, async () => same(await output('ls', `${RUNTIME_DIR}/vigil-sessions`), '')),
  );
  await accuracy([...heardBefore, ...follower.heard], played);
  follower.stop();
  await played.tell({ do: 'end' });
}
