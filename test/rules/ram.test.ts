import { expect, test } from 'vitest';
import { brief, GB, Machine, memory } from './machine.js';

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
