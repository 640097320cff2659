import { z } from 'zod';
import { max } from '../../model/figure.js';
import { type FieldTypes, list, text } from '../../model/schema.js';
import {
  type Collector,
  type Context,
  defineCollector,
  NotHere,
  type Part,
  type Roots,
} from './collector.js';
import { tryList, tryReadNumber, tryReadText } from './read.js';

const temperature = z.strictObject({
  kind: z.enum(['cpu', 'other']),
  name: text.describe('e.g. `coretemp Package id 0`'),
  celsius: z.number(),
});
type TemperatureSample = z.infer<typeof temperature>;

const fields = { temperatures: list(temperature) };
type TemperatureSlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends TemperatureSlice {}
}

/** A file that holds a temperature in thousandths of a degree Celsius. */
export interface Sensor {
  kind: 'cpu' | 'other';
  name: string;
  path: string;
}

/** Drivers of Documentation/hwmon, and types of thermal zones, that measure the processor. */
const CPU =
  /^(coretemp|k8temp|k10temp|zenpower|via_cputemp|cpu_thermal|cpu-thermal|x86_pkg_temp|soc_thermal|soc-thermal|cpu\d*[-_].*|.*cpu.*[-_]thermal)$/;
/** drivetemp keeps some disks from going to sleep (Documentation/hwmon/drivetemp.rst); GPUs tell it themselves. */
const LEFT_OUT = /^(drivetemp|amdgpu|radeon|nouveau|i915|xe)$/;
const MAX_SENSORS = 64;
/** Nothing is that cold or that hot: a sensor that is not connected. */
const PLAUSIBLE = { from: -40, to: 150 };

/**
 * Sensors of /sys/class/hwmon (Documentation/hwmon/sysfs-interface.rst): `hwmon2/name` is `coretemp`, `temp1_label`
 * is `Package id 0`, `temp1_input` is `54000`. Where none of them is the processor's, also thermal zones
 * (Documentation/driver-api/thermal/sysfs-api.rst): `thermal_zone0/type` is `x86_pkg_temp`, `temp` is `54000`.
 */
export function findSensors(roots: Roots): Sensor[] {
  const sensors = hwmonSensors(`${roots.sys}/class/hwmon`);
  if (!sensors.some(sensor => sensor.kind === 'cpu')) {
    sensors.push(...zoneSensors(`${roots.sys}/class/thermal`));
  }
  // The processor's come first, so that the bound never cuts them off.
  sensors.sort((a, b) => Number(b.kind === 'cpu') - Number(a.kind === 'cpu'));
  return sensors.slice(0, MAX_SENSORS);
}

function hwmonSensors(folder: string): Sensor[] {
  const sensors: Sensor[] = [];
  for (const chip of tryList(folder)) {
    const driver = tryReadText(`${folder}/${chip}/name`)?.trim() ?? chip;
    if (LEFT_OUT.test(driver)) continue;
    // Old drivers keep the files in the device's folder.
    for (const place of [`${folder}/${chip}`, `${folder}/${chip}/device`]) {
      const inputs = tryList(place).filter(name => /^temp\d+_input$/.test(name));
      for (const input of inputs.sort(byNumber)) {
        const label = tryReadText(`${place}/${input.replace('_input', '_label')}`)?.trim();
        const name = `${driver} ${label || input.replace('_input', '')}`;
        sensors.push({ kind: CPU.test(driver) ? 'cpu' : 'other', name, path: `${place}/${input}` });
      }
      if (inputs.length > 0) break;
    }
  }
  return sensors;
}

function zoneSensors(folder: string): Sensor[] {
  const zones = tryList(folder).filter(name => name.startsWith('thermal_zone'));
  return zones.sort(byNumber).map(zone => {
    const type = tryReadText(`${folder}/${zone}/type`)?.trim() || zone;
    return { kind: CPU.test(type) ? 'cpu' : 'other', name: type, path: `${folder}/${zone}/temp` };
  });
}

function byNumber(a: string, b: string): number {
  return Number(/\d+/.exec(a)?.[0]) - Number(/\d+/.exec(b)?.[0]);
}

/** Sensors that cannot be read now, or say something impossible, are left out. */
export function readSensors(sensors: readonly Sensor[]): TemperatureSample[] {
  const samples: TemperatureSample[] = [];
  for (const { kind, name, path } of sensors) {
    const thousandths = tryReadNumber(path);
    if (thousandths === null) continue;
    const celsius = thousandths / 1000;
    if (celsius > PLAUSIBLE.from && celsius < PLAUSIBLE.to && celsius !== 0) {
      samples.push({ kind, name, celsius });
    }
  }
  return samples;
}

/** Drivers are loaded and unloaded seldom. */
const SEARCH_MS = 5 * 60_000;

/** Temperatures of the processor and of whatever else has a sensor. Some take a millisecond to read. */
export class TemperatureCollector implements Collector<TemperatureSlice> {
  private sensors: Sensor[] = [];
  private searched_ms = Number.NEGATIVE_INFINITY;

  collect({ roots, now_ms }: Context): Part<TemperatureSlice> {
    if (now_ms - this.searched_ms >= SEARCH_MS) {
      this.searched_ms = now_ms;
      this.sensors = findSensors(roots);
    }
    if (this.sensors.length === 0) {
      this.searched_ms = Number.NEGATIVE_INFINITY;
      throw new NotHere(
        'the kernel shows no temperature sensor',
        'virtual machines have none; elsewhere load coretemp or k10temp',
      );
    }
    return { temperatures: readSensors(this.sensors) };
  }
}

export const temperatureCollector = defineCollector({
  id: 'temperature',
  describe: 'Temperatures of the processor and of whatever else has a sensor.',
  fields,
  empty: { temperatures: [] },
  at_least_ms: 5_000,
  figures: [
    {
      name: 'cpu_celsius',
      of: ({ host }) =>
        max(host.temperatures.filter(({ kind }) => kind === 'cpu').map(({ celsius }) => celsius)),
    },
  ],
  create: () => new TemperatureCollector(),
});
