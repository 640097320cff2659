import { describe, expect, test } from 'vitest';
import type { ProcessSample } from '../../../src/model/snapshot.js';
import { brief, GB, Machine, MB, memory, refOf } from '../machine.js';

const gone = (machine: Machine, ...processes: ProcessSample[]) => {
  machine.remove(processes);
  return brief(machine.pass(300));
};

describe('cpu_high', () => {
  test('a process that burns a core for a minute is said once, with lineage and figures, and once when it ends', () => {
    const machine = new Machine();
    const outer = machine.add({ comm: 'sh', cmdline: 'sh ./start.sh' });
    const inner = machine.add({ comm: 'make', ppid: outer.pid });
    const shell = machine.add({ comm: 'make', ppid: inner.pid });
    const yes = machine.add({ comm: 'yes', cmdline: 'yes', ppid: shell.pid, cpu_percent: 99 });
    expect(machine.pass(60)).toEqual([]);
    const changes = machine.pass(600);
    expect(brief(changes)).toEqual(['opened cpu_high warning']);
    expect(changes[0]!.alert).toMatchObject({
      title: 'yes burns a core',
      text: 'It uses 99 % of a core (threshold 90 %) for 60 s.',
      subject: {
        kind: 'process',
        name: `yes (pid ${yes.pid})`,
        uid: 1000,
        lineage: `sh (pid ${outer.pid}) → make → yes`,
      },
    });
    expect(gone(machine, yes)).toEqual(['resolved cpu_high warning']);
  });

  test('whose agent session becomes known later is said once', () => {
    const machine = new Machine();
    const session = machine.addSession({ state: 'WAITING' });
    const yes = machine.add({ comm: 'yes', ppid: session.pid, cpu_percent: 99 });
    expect(brief(machine.pass(120))).toEqual(['opened cpu_high warning']);
    yes.session = refOf(session);
    expect(machine.pass(600)).toEqual([]);
    expect(machine.open).toMatchObject([{ subject: { session: { pid: session.pid } } }]);
    expect(gone(machine, yes)).toEqual(['resolved cpu_high warning']);
  });

  test('twice as much is critical', () => {
    const machine = new Machine();
    machine.add({ comm: 'miner', cpu_percent: 350 });
    expect(brief(machine.pass(600))).toEqual(['opened cpu_high critical']);
  });

  test('39 of the same are one alert', () => {
    const machine = new Machine();
    machine.many(39, { comm: 'yes', cpu_percent: 95 });
    const changes = machine.pass(600);
    expect(brief(changes)).toEqual(['opened cpu_high warning']);
    expect(changes[0]!.alert.subject.processes).toHaveLength(39);
    expect(changes[0]!.alert.title).toBe('Several yes burn a core each');
  });

  test('many that take turns are none', () => {
    const machine = new Machine();
    machine.pass(1800, 10, () => {
      machine.processes = machine.processes.filter(({ comm }) => comm !== 'gzip');
      machine.add({ comm: 'gzip', cpu_percent: 100 });
    });
    expect(machine.said).toEqual([]);
  });

  test('the job of a prompt has half an hour, and is a note then; when its shell is gone it has a minute', () => {
    const machine = new Machine();
    const bash = machine.add({ comm: 'bash', cmdline: '-bash' });
    machine.add({ comm: 'simulate', ppid: bash.pid, sid: bash.pid, cpu_percent: 100 });
    expect(machine.pass(1790)).toEqual([]);
    expect(brief(machine.pass(60))).toEqual(['opened cpu_high info']);
    const other = new Machine();
    const zsh = other.add({ comm: 'zsh', cmdline: 'zsh' });
    const job = other.add({ comm: 'simulate', ppid: zsh.pid, sid: zsh.pid, cpu_percent: 100 });
    other.pass(600);
    other.remove([zsh]);
    job.ppid = 1;
    expect(brief(other.pass(60))).toEqual(['opened cpu_high warning']);
  });

  test('a shell that runs a script is no prompt', () => {
    const machine = new Machine();
    const bash = machine.add({ comm: 'bash', cmdline: 'bash -c ./night.sh' });
    machine.add({ comm: 'simulate', ppid: bash.pid, sid: bash.pid, cpu_percent: 100 });
    expect(brief(machine.pass(90))).toEqual(['opened cpu_high warning']);
  });

  test('a tool of an agent at work is attended, what it left running while it waits is not', () => {
    const machine = new Machine();
    const session = machine.addSession();
    machine.add({ comm: 'simulate', ppid: session.pid, cpu_percent: 100, session: refOf(session) });
    expect(machine.pass(600)).toEqual([]);
    session.state = 'UNKNOWN';
    expect(machine.pass(600)).toEqual([]);
    session.state = 'WAITING';
    session.since_ms = machine.now_ms;
    const changes = machine.pass(30);
    expect(brief(changes)).toEqual(['opened cpu_high warning']);
    expect(changes[0]!.alert.subject.lineage).toBe(`claude (pid ${session.pid}) → simulate`);
  });

  test('a gap does not count', () => {
    const machine = new Machine();
    machine.add({ comm: 'yes', cpu_percent: 99 });
    machine.pass(50);
    machine.now_ms += 3_600_000;
    expect(machine.pass(50)).toEqual([]);
    expect(brief(machine.pass(30))).toEqual(['opened cpu_high warning']);
  });

  test('another process with the same pid begins anew', () => {
    const machine = new Machine();
    const yes = machine.add({ comm: 'yes', cpu_percent: 99 });
    machine.pass(50);
    yes.start_ticks += 1000;
    expect(machine.pass(50)).toEqual([]);
  });

  test('vigil and its children are never reported', () => {
    const machine = new Machine();
    machine.processes.find(({ pid }) => pid === 2)!.cpu_percent = 100;
    machine.add({ comm: 'node', cmdline: 'node hand.js', ppid: 2, cpu_percent: 100 });
    machine.add({ comm: 'bpftrace', ppid: 2, cpu_percent: 100 });
    expect(machine.pass(3600)).toEqual([]);
  });

  test.each(['bpftrace', 'vigil', 'journalctl', 'setpriv'])(
    'who calls itself %s is reported, with all below it',
    comm => {
      const machine = new Machine();
      const named = machine.add({ comm, cmdline: `/usr/bin/${comm} -f json -`, ppid: 1, cpu_percent: 100 });
      machine.add({ comm: 'yes', ppid: named.pid, cpu_percent: 100 });
      const titles = machine.pass(3600).map(change => change.alert.title);
      expect(titles).toEqual(expect.arrayContaining([`${comm} burns a core`, 'yes burns a core']));
    },
  );

  test('what a helper starts for its user is reported like anything else', () => {
    const machine = new Machine();
    const helper = machine.add({ comm: 'node', cmdline: 'node hand.js', ppid: 2, cpu_percent: 0 });
    machine.add({ comm: 'yes', ppid: helper.pid, cpu_percent: 100 });
    expect(machine.pass(3600).map(change => change.alert.title)).toEqual(['yes burns a core']);
  });

  test('a name cannot speak to the terminal', () => {
    const machine = new Machine();
    machine.add({ comm: ') R 1 (\u001b[2J', cpu_percent: 100 });
    const [change] = machine.pass(90);
    expect(change!.alert.title).toBe(') R 1 (\\x1b[2J burns a core');
  });
});

describe('agent_spinning', () => {
  test('an agent that waits and burns CPU is said once, instead of as a process', () => {
    const machine = new Machine();
    const session = machine.addSession({ state: 'WAITING' });
    const main = machine.processes.find(({ pid }) => pid === session.pid)!;
    main.cpu_percent = 100;
    expect(machine.pass(120)).toEqual([]);
    const changes = machine.pass(600);
    expect(brief(changes)).toEqual(['opened agent_spinning warning']);
    expect(changes[0]!.alert.title).toBe('Claude Code in ~/shop waits for you and yet burns CPU');
    main.cpu_percent = 1;
    expect(brief(machine.pass(120))).toEqual(['resolved agent_spinning warning']);
  });

  test('an agent at work may', () => {
    const machine = new Machine();
    const session = machine.addSession({ state: 'WORKING' });
    machine.processes.find(({ pid }) => pid === session.pid)!.cpu_percent = 70;
    expect(machine.pass(1200)).toEqual([]);
  });
});

describe('agent_memory', () => {
  test('an agent above its ceiling is said, with the time that is left', () => {
    const machine = new Machine();
    const session = machine.addSession();
    const main = machine.processes.find(({ pid }) => pid === session.pid)!;
    main.rss_bytes = main.anon_bytes = 4.2 * GB;
    const flat = machine.pass(120);
    expect(brief(flat)).toEqual(['opened agent_memory warning']);
    expect(flat[0]!.alert.text).toBe('4.2 GB resident (threshold 4 GB). It does not grow at the moment.');
    const grown = machine.pass(180, 10, () => {
      main.rss_bytes += 250 * MB;
      main.anon_bytes! += 250 * MB;
    });
    const worst = grown.filter(({ alert }) => alert.rule === 'agent_memory').at(-1)!.alert;
    expect(worst.severity).toBe('critical');
    expect(worst.text).toMatch(/grows by 1\.\d GB a minute: the machine’s memory lasts for \d+ (s|min)/);
  });

  test('its tools are not counted', () => {
    const machine = new Machine();
    const session = machine.addSession();
    machine.add({ comm: 'simulate', ppid: session.pid, rss_bytes: 9 * GB, session: refOf(session) });
    expect(machine.pass(600)).toEqual([]);
  });
});

describe('memory_leak', () => {
  const grow = (process: ProcessSample, bytes: number) => () => {
    process.anon_bytes! += bytes;
    process.rss_bytes += bytes;
  };

  test('more than 500 MB in five minutes is said once, and is over when it stops', () => {
    const machine = new Machine();
    const leaky = machine.add({ comm: 'leaky', anon_bytes: 100 * MB, rss_bytes: 100 * MB });
    machine.pass(120);
    const changes = machine.pass(300, 10, grow(leaky, 25 * MB));
    expect(brief(changes)).toEqual(['opened memory_leak warning']);
    expect(changes[0]!.alert.title).toBe(`leaky (pid ${leaky.pid}) leaks memory`);
    expect(changes[0]!.alert.text).toMatch(
      /took 5\d\d MB of that in the last \d+ (s|min) \(threshold 500 MB\)/,
    );
    expect(brief(machine.pass(900))).toEqual(['resolved memory_leak warning']);
  });

  test('one that ended leaks no more, though nobody reaped it, whoever it belongs to now', () => {
    const machine = new Machine();
    const session = machine.addSession();
    const leaky = machine.add({
      comm: 'leaky',
      anon_bytes: 100 * MB,
      ppid: session.pid,
      session: refOf(session),
    });
    machine.pass(120);
    machine.pass(300, 10, grow(leaky, 25 * MB));
    Object.assign(leaky, { state: 'Z', ppid: 1, anon_bytes: null, rss_bytes: 0, session: null });
    expect(brief(machine.pass(150))).toEqual(['resolved memory_leak warning']);
  });

  test('it is worse when the memory of the machine will not last', () => {
    const machine = new Machine();
    machine.host = { ...machine.host, memory: memory(70) };
    const leaky = machine.add({ comm: 'leaky', anon_bytes: 100 * MB });
    machine.pass(120);
    expect(brief(machine.pass(120, 10, grow(leaky, 300 * MB)))).toEqual(['opened memory_leak critical']);
  });

  test('sampling every 2 s gives the same answer', () => {
    const machine = new Machine();
    const leaky = machine.add({ comm: 'leaky', anon_bytes: 100 * MB });
    machine.pass(120);
    expect(brief(machine.pass(300, 2, grow(leaky, 5 * MB)))).toEqual(['opened memory_leak warning']);
  });

  test('a slow leak is seen by its straight line', () => {
    const machine = new Machine();
    const leaky = machine.add({ comm: 'leaky', anon_bytes: 300 * MB });
    const changes = machine.pass(7200, 10, grow(leaky, 0.5 * MB));
    expect(brief(changes)).toEqual(['opened memory_leak warning']);
    expect(changes[0]!.alert.text).toMatch(/in a straight line \(r² 1\.00\) \(threshold 100 MB an hour\)/);
  });

  test.each<[string, (machine: Machine, process: ProcessSample) => () => void]>([
    [
      'one jump: a file read into memory',
      (machine, process) => {
        const jump_ms = machine.now_ms + 60_000;
        return () => {
          if (machine.now_ms === jump_ms) process.anon_bytes! += 3 * GB;
        };
      },
    ],
    [
      'address space and file pages',
      (_machine, process) => () => {
        process.rss_bytes += 100 * MB;
      },
    ],
    [
      'a compiler',
      (_machine, process) => {
        process.comm = 'rustc';
        process.cmdline = 'rustc --crate-name shop';
        return () => {
          process.anon_bytes! += 40 * MB;
        };
      },
    ],
    [
      'a virtual machine that boots',
      (_machine, process) => {
        process.comm = 'qemu-system-x86';
        return () => {
          process.anon_bytes! += 40 * MB;
        };
      },
    ],
    [
      'a browser',
      (_machine, process) => {
        process.comm = 'Isolated Web Co';
        process.cmdline = '/usr/lib/firefox/firefox -contentproc -childID 5';
        return () => {
          process.anon_bytes! += 40 * MB;
        };
      },
    ],
  ])('%s is none', (_name, change) => {
    const machine = new Machine();
    const process = machine.add({ comm: 'worker', anon_bytes: 300 * MB });
    machine.pass(120);
    expect(machine.pass(600, 10, change(machine, process))).toEqual([]);
  });

  test('memory that is given back again and again is none', () => {
    const machine = new Machine();
    const process = machine.add({ comm: 'worker' });
    let step = 0;
    const changes = machine.pass(3600, 10, () => {
      process.anon_bytes = (300 + (step++ % 12) * 80) * MB;
    });
    expect(changes).toEqual([]);
  });

  test('what a program takes at its start is none', () => {
    const machine = new Machine();
    const process = machine.add({ comm: 'java', cmdline: 'java -jar app.jar', anon_bytes: 0 });
    machine.pass(50, 10, grow(process, 300 * MB));
    expect(machine.pass(600)).toEqual([]);
    expect(machine.said).toEqual([]);
  });
});

describe('fd_leak', () => {
  test('open files that only grow in number', () => {
    const machine = new Machine();
    const leaky = machine.add({ comm: 'leaky', fds: 80 });
    const changes = machine.pass(600, 10, () => {
      leaky.fds! += 20;
    });
    expect(brief(changes)).toEqual(['opened fd_leak warning']);
    expect(changes[0]!.alert.text).toMatch(/^It has \d+ open, 5\d\d more than \d+ min ago \(threshold 500\)/);
    expect(brief(machine.pass(1200))).toEqual(['resolved fd_leak warning']);
  });

  test('a busy server with many is none', () => {
    const machine = new Machine();
    const server = machine.add({ comm: 'nginx', fds: 3000 });
    let step = 0;
    const changes = machine.pass(3600, 10, () => {
      server.fds = 3000 + ((step++ * 397) % 900);
    });
    expect(changes).toEqual([]);
  });
});

describe('hang and stopped', () => {
  test('30 s in state D is said, once for all of a user, and told apart from being stopped', () => {
    const machine = new Machine();
    const hung = machine.many(12, { comm: 'ls', cmdline: 'ls /mnt/nas', state: 'D' });
    expect(machine.pass(30)).toEqual([]);
    const changes = machine.pass(300);
    expect(brief(changes)).toEqual(['opened hang high']);
    expect(changes[0]!.alert.text).toMatch(/^12 processes in state D, the longest for 30 s/);
    for (const process of hung) process.state = 'S';
    expect(brief(machine.pass(60))).toEqual(['resolved hang high']);
    machine.add({ comm: 'server', state: 'T' });
    expect(brief(machine.pass(300))).toEqual(['opened stopped warning']);
  });

  test('a process that waits for a busy disk at each look, and goes on between, does not hang', () => {
    const machine = new Machine();
    const tar = machine.add({ comm: 'tar', state: 'D', read_bytes: 0 });
    const changes = machine.pass(600, 10, () => {
      tar.read_bytes! += 50 * MB;
    });
    expect(changes).toEqual([]);
  });

  test('six agents that are stopped, with what they run, are one alert', () => {
    const machine = new Machine();
    const pids: number[] = [];
    for (let i = 0; i < 6; i++) {
      const session = machine.addSession();
      const own = { session: refOf(session), state: 'T' };
      const agent = machine.processes.find(({ pid }) => pid === session.pid)!;
      agent.state = 'T';
      pids.push(agent.pid, machine.add({ comm: 'node', ppid: agent.pid, ...own }).pid);
    }
    const changes = machine.pass(300);
    expect(brief(changes)).toEqual(['opened stopped warning']);
    expect(changes[0]!.alert.title).toBe('6 agents are stopped');
    for (const pid of pids) expect(changes[0]!.alert.suggestion).toMatch(new RegExp(`CONT[^\`]* ${pid}\\b`));
  });

  test('tools of two agents that go on are two, and who comes later is told of', () => {
    const machine = new Machine();
    const stop = () => machine.add({ comm: 'node', session: refOf(machine.addSession()), state: 'T' });
    stop();
    expect(brief(machine.pass(60))).toEqual(['opened stopped warning']);
    stop();
    const [second] = machine.pass(60);
    expect(second).toMatchObject({ type: 'alert_opened', alert: { title: 'node is stopped' } });
  });

  test('Ctrl-Z at a prompt is no trouble, nor is a debugger', () => {
    const machine = new Machine();
    const bash = machine.add({ comm: 'bash', cmdline: '-bash' });
    machine.add({ comm: 'vim', ppid: bash.pid, sid: bash.pid, state: 'T' });
    machine.add({ comm: 'app', state: 't' });
    expect(machine.pass(3600)).toEqual([]);
  });
});

describe('zombie', () => {
  test('zombies older than five minutes are one alert for their parent', () => {
    const machine = new Machine();
    const parent = machine.add({ comm: 'node', cmdline: 'node /srv/shop/spawner.js' });
    const zombies = machine.many(20, { comm: 'git', ppid: parent.pid, state: 'Z', rss_bytes: 0 });
    expect(machine.pass(300)).toEqual([]);
    const changes = machine.pass(300);
    expect(brief(changes)).toEqual(['opened zombie warning']);
    expect(changes[0]!.alert.title).toBe(
      `node shop/spawner.js (pid ${parent.pid}) does not reap its children`,
    );
    expect(gone(machine, ...zombies)).toEqual(['resolved zombie warning']);
  });

  test('those whose parent ends are its successor’s to reap, not at fault at once, nor told of anew', () => {
    const machine = new Machine();
    const parent = machine.add({ comm: 'spawner' });
    const zombies = machine.many(3, { comm: 'git', ppid: parent.pid, state: 'Z', rss_bytes: 0 });
    machine.pass(600);
    machine.remove([parent]);
    expect(machine.pass(10)).toEqual([]);
    const heir = machine.add({ comm: 'init-of-a-container' });
    for (const zombie of zombies) zombie.ppid = heir.pid;
    expect(brief(machine.pass(200))).toEqual(['resolved zombie warning']);
    expect(brief(machine.pass(300))).toEqual(['opened zombie warning']);
  });

  test('the alert about a parent ends with it, also when who inherits is at fault before that', () => {
    const machine = new Machine({ thresholds: { zombie_timeout_s: 1 } });
    const parent = machine.add({ comm: 'spawner' });
    const zombies = machine.many(3, { comm: 'git', ppid: parent.pid, state: 'Z', rss_bytes: 0 });
    const [opened] = machine.pass(60);
    machine.remove([parent]);
    const heir = machine.add({ comm: 'init-of-a-container' });
    for (const zombie of zombies) zombie.ppid = heir.pid;
    const changes = machine.pass(60);
    expect(brief(changes).sort()).toEqual(['opened zombie warning', 'resolved zombie warning']);
    expect(changes.find(({ type }) => type === 'alert_resolved')!.alert.id).toBe(opened!.alert.id);
  });
});

describe('runtime_limit', () => {
  test('only what the configuration names, and only after its time', () => {
    const limits = [
      { command: 'pytest', minutes: 10 },
      { command: 'node scripts/seed.js', minutes: 5 },
    ];
    const machine = new Machine({ detection: { runtime_limit: { limits } } });
    const late = machine.add({ comm: 'pytest', cmdline: '/usr/bin/pytest -x' });
    machine.add({ comm: 'node', cmdline: 'node scripts/seed.js --all' });
    machine.add({ comm: 'vim', cmdline: 'vim pytest' });
    const changes = machine.pass(900);
    expect(changes.map(({ alert }) => alert.title)).toEqual([
      'node scripts/seed.js runs for longer than it may',
      'pytest runs for longer than it may',
    ]);
    expect(gone(machine, late)).toEqual(['resolved runtime_limit warning']);
  });
});
