import { expect, test } from 'vitest';
import { brief, GB, Machine, memory, refOf } from '../machine.js';

function used(machine: Machine, percent: number): void {
  machine.host = { ...machine.host, memory: memory(percent) };
}

test('memory above the threshold for 30 s is said once, with who holds it, and once when it is over', () => {
  const machine = new Machine();
  machine.add({ comm: 'hog', cmdline: '/usr/bin/hog --big', rss_bytes: 9 * GB });
  used(machine, 85);
  expect(machine.pass(30)).toEqual([]);
  const opened = machine.pass(300);
  expect(brief(opened)).toEqual(['opened ram warning']);
  expect(opened[0]!.alert.text).toContain('85 % of 16 GB is in use (threshold 80 %)');
  expect(opened[0]!.alert.text).toContain('hog (9 GB)');
  used(machine, 40);
  expect(brief(machine.pass(120))).toEqual(['resolved ram warning']);
});

test('more than 90 % is critical, and it says so when it grows worse', () => {
  const machine = new Machine();
  used(machine, 85);
  machine.pass(60);
  used(machine, 95);
  expect(brief(machine.pass(120))).toEqual(['updated ram critical']);
  used(machine, 84);
  expect(brief(machine.pass(120))).toEqual(['updated ram warning']);
});

test('a short peak says nothing', () => {
  const machine = new Machine();
  used(machine, 95);
  machine.pass(20);
  used(machine, 50);
  expect(machine.pass(60)).toEqual([]);
});

test('swinging around the threshold is one alert', () => {
  const machine = new Machine();
  let up = false;
  const changes = machine.pass(1800, 10, () => {
    up = !up;
    used(machine, up ? 81 : 78);
  });
  expect(brief(changes)).toEqual([]);
  used(machine, 82);
  machine.pass(60);
  const swinging = machine.pass(1800, 10, () => {
    up = !up;
    used(machine, up ? 81 : 78);
  });
  expect(swinging).toEqual([]);
});

test('where several people work, who holds memory is told to all of them, but not the folder of anybody’s agent', () => {
  const told = (uid: number) => {
    const machine = new Machine();
    const session = machine.addSession();
    const own = { ppid: session.pid, session: refOf(session) };
    machine.add({ comm: 'node', cmdline: 'node /srv/shop/build.js', rss_bytes: 9 * GB, ...own });
    machine.add({ comm: 'bash', uid });
    used(machine, 85);
    return machine.pass(300)[0]!.alert.text;
  };
  expect(told(1000)).toContain('node shop/build.js (9 GB, of the Claude Code session in ~/shop)');
  expect(told(0)).toContain('in ~/shop');
  expect(told(1001)).toContain('node shop/build.js (9 GB, of Claude Code)');
});
