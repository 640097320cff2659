import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { check, eventually, holds, same } from '../check.js';
import { alertOf, asUser, output, processes, run } from '../guest.js';
import type { PlayedAgent } from '../session.js';

/** More than the scope may have; the memory is touched page by page. */
const HUNGRY = `python3 -c 'x = b"x" * 300_000_000'`;
const IN_SCOPE =
  'XDG_RUNTIME_DIR=/run/user/$(id -u) systemd-run --user --scope --quiet -p MemoryMax=60M -p MemorySwapMax=0';

/** What goes wrong with the machine and its agents becomes an alert that says whose doing it was. */
export async function goWrong(played: PlayedAgent): Promise<void> {
  await check('a tool of the agent hits the memory limit of its scope', async () => {
    await played.tell({
      do: 'prompt',
      text: 'eat memory please',
      steps: [
        {
          do: 'tool',
          tool: 'shell',
          ask: true,
          text: 'I eat.',
          command: `${IN_SCOPE} ${HUNGRY}`,
          delay_ms: 1000,
        },
        { do: 'text', text: 'It was killed.', delay_ms: 1000 },
      ],
    });
    await played.tell({ do: 'accept' });
    holds(
      /python3/.test(await output('sh', '-c', 'dmesg | grep -i "killed process"')),
      'the kernel killed nobody',
    );
  });
  await check('an alert tells of it, with its agent and the limit', () =>
    eventually(60, async () => {
      const { subject, title, text, severity } = await alertOf('oom_kill');
      same(subject.session?.pid, played.pid);
      holds(/python3/.test(title), title);
      holds(/memory limit of/.test(text), text);
      holds(severity === 'high' || severity === 'critical', severity);
    }),
  );

  writeFileSync(
    '/run/systemd/system/broken.service',
    '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\nRestart=on-failure\nRestartSec=5\n',
  );
  await run('systemctl', 'daemon-reload');
  await run('systemctl', 'start', 'broken');
  await check('a unit that fails again and again is an alert', () =>
    eventually(120, async () => {
      const { title, severity } = await alertOf('unit_failing');
      same(`${severity}: ${title}`, 'high: broken.service fails again and again');
    }),
  );
  await run('systemctl', 'stop', 'broken');
}

/** The command line, once; and it may end a process of a user, through the sandbox. */
export async function act(played: PlayedAgent): Promise<void> {
  await check('vigil health, agents, alerts and events say what the socket says', async () => {
    const asked = [['health'], ['agents'], ['alerts', '--all'], ['events']].map(args =>
      output('vigil', ...args),
    );
    const [health, agents, alerts, events] = await Promise.all(asked);
    holds(/fentry/.test(health!), health!);
    holds(agents!.includes(`${played.pid}`), agents!);
    holds(/broken\.service/.test(alerts!), alerts!);
    holds(/WORKING/.test(events!), events!);
  });
  const [file, ...args] = asUser('systemd-run', '--user', '--scope', '--quiet', 'sleep', '12345');
  spawn(file!, args, { stdio: 'ignore' });
  const victims = () => processes().filter(({ command }) => /^\S*\bsleep 12345$/.test(command));
  await check('vigil kill ends a process of a user', async () => {
    const [victim] = await eventually(30, () => {
      holds(victims().length === 1, 'it does not run');
      return victims();
    });
    await run('vigil', 'kill', `${victim!.pid}`, '--yes');
    same(victims().length, 0);
  });
  await check('and it is on record', async () => {
    const actions = await output('vigil', 'actions');
    holds(/sleep/.test(actions), actions);
  });
}

interface Entry {
  PRIORITY: string;
  MESSAGE: string;
  _PID: string;
}

/** What stands in the journal, and how loud. */
export async function journal(): Promise<void> {
  const lines = (await output('journalctl', '-u', 'vigil', '-o', 'json', '--no-pager'))
    .split('\n')
    .filter(Boolean);
  const entries = lines
    .map(line => JSON.parse(line) as Entry)
    .filter(({ MESSAGE }) => typeof MESSAGE === 'string');
  const of = (pattern: RegExp) => entries.filter(({ MESSAGE }) => pattern.test(MESSAGE));
  const priorities = (found: Entry[]) => [...new Set(found.map(({ PRIORITY }) => PRIORITY))].join();
  await check('journal: changes of state are info', () => same(priorities(of(/^agent state /)), '6'));
  await check('journal: the OOM kill is a warning or worse', () => {
    const found = of(/rule=oom_kill/).filter(({ MESSAGE }) => /^alert A\d+ \((?!over)/.test(MESSAGE));
    const quiet = found.filter(({ PRIORITY }) => !/^[34]$/.test(PRIORITY));
    holds(found.length > 0 && quiet.length === 0, quiet[0]?.MESSAGE ?? 'none was told');
  });
  await check('journal: no line lost its priority', () => {
    const found = of(/^<\d>/);
    holds(found.length === 0, `${found[0]?.MESSAGE}`);
  });
  await check('journal: what is a warning or worse is about alerts or the sensor', () => {
    const loud = entries.filter(({ PRIORITY }) => Number(PRIORITY) <= 4);
    const others = loud.filter(
      ({ MESSAGE }) => !/^alert |^kernel program |^vigil\.service|^Failed to/.test(MESSAGE),
    );
    holds(others.length === 0, others.map(({ PRIORITY, MESSAGE }) => `${PRIORITY} ${MESSAGE}`).join('\n'));
  });
}
