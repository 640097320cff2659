// vigil's scan by itself: all processes and their sessions, once a second.
import { setTimeout as sleep } from 'node:timers/promises';
import { Lineage } from '../../dist/lib/process/lineage.js';
import { ProcessCollector } from '../../dist/sources/host/processes.js';
import { ProcessTable } from '../../dist/sources/procfs/table.js';

/** What runs for days is measured when its code is compiled: its first twenty minutes pass in some seconds. */
const WARM_UP_SAMPLES = 1200;

const collector = new ProcessCollector(new ProcessTable(), new Lineage());
let clock_ms = 0;
const look = () => {
  clock_ms += 1000;
  collector.collect(clock_ms, []);
};
for (let i = 0; i < WARM_UP_SAMPLES; i++) {
  look();
  if (i % 10 === 0) await sleep(10);
}
setInterval(look, 1000);
