import { describe, expect, it } from 'vitest';
import { NotHere } from '../../../src/sources/host/collector.js';
import { findSensors, TemperatureCollector } from '../../../src/sources/host/temperature.js';
import { ask, tree } from './tree.js';

const intelLaptop = {
  'sys/class/hwmon/hwmon0/name': 'acpitz\n',
  'sys/class/hwmon/hwmon0/temp1_input': '27800\n',
  'sys/class/hwmon/hwmon1/name': 'nvme\n',
  'sys/class/hwmon/hwmon1/temp1_input': '38850\n',
  'sys/class/hwmon/hwmon1/temp1_label': 'Composite\n',
  'sys/class/hwmon/hwmon2/name': 'coretemp\n',
  'sys/class/hwmon/hwmon2/temp10_input': '51000\n',
  'sys/class/hwmon/hwmon2/temp10_label': 'Core 8\n',
  'sys/class/hwmon/hwmon2/temp1_input': '54000\n',
  'sys/class/hwmon/hwmon2/temp1_label': 'Package id 0\n',
  'sys/class/hwmon/hwmon2/temp1_crit': '100000\n',
  'sys/class/hwmon/hwmon3/name': 'drivetemp\n',
  'sys/class/hwmon/hwmon3/temp1_input': '31000\n',
  'sys/class/hwmon/hwmon4/name': 'amdgpu\n',
  'sys/class/hwmon/hwmon4/temp1_input': '60000\n',
  'sys/class/thermal/thermal_zone0/type': 'x86_pkg_temp\n',
  'sys/class/thermal/thermal_zone0/temp': '54000\n',
};

describe('temperatures', () => {
  it('of the processor come first, by their labels; thermal zones would only repeat them', () => {
    const { temperatures } = ask(new TemperatureCollector(), tree(intelLaptop), 0);
    expect(temperatures).toEqual([
      { kind: 'cpu', name: 'coretemp Package id 0', celsius: 54 },
      { kind: 'cpu', name: 'coretemp Core 8', celsius: 51 },
      { kind: 'other', name: 'acpitz temp1', celsius: 27.8 },
      { kind: 'other', name: 'nvme Composite', celsius: 38.85 },
    ]);
  });

  it.each(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal'])('%s is the processor', driver => {
    const roots = tree({
      'sys/class/hwmon/hwmon0/name': `${driver}\n`,
      'sys/class/hwmon/hwmon0/temp1_input': '1',
    });
    expect(findSensors(roots)).toMatchObject([{ kind: 'cpu', name: `${driver} temp1` }]);
  });

  it('come from thermal zones where no chip measures the processor', () => {
    const roots = tree({
      'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
      'sys/class/thermal/thermal_zone0/temp': '45125\n',
      'sys/class/thermal/thermal_zone1/type': 'gpu-thermal\n',
      'sys/class/thermal/thermal_zone1/temp': '44000\n',
      'sys/class/thermal/cooling_device0/type': 'Processor\n',
    });
    expect(ask(new TemperatureCollector(), roots, 0).temperatures).toEqual([
      { kind: 'cpu', name: 'cpu-thermal', celsius: 45.125 },
      { kind: 'other', name: 'gpu-thermal', celsius: 44 },
    ]);
  });

  it('that are impossible or cannot be read are left out', () => {
    const roots = tree(intelLaptop);
    const collector = new TemperatureCollector();
    ask(collector, roots, 0);
    roots.write({
      'sys/class/hwmon/hwmon2/temp1_input': '-128000\n',
      'sys/class/hwmon/hwmon1/temp1_input': '',
    });
    roots.remove('sys/class/hwmon/hwmon0');
    expect(ask(collector, roots, 10_000).temperatures?.map(({ name }) => name)).toEqual(['coretemp Core 8']);
  });

  it('are absent where nothing measures', () => {
    expect(() => ask(new TemperatureCollector(), tree(), 0)).toThrow(NotHere);
  });
});
