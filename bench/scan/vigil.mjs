// vigil's scan by itself: all processes and their sessions, once a second.
import { Lineage } from '../../dist/agents/lineage.js';
import { ProcessCollector } from '../../dist/collectors/processes.js';
import { ProcessTable } from '../../dist/proc/table.js';

const collector = new ProcessCollector(new ProcessTable(), new Lineage());
setInterval(() => collector.collect(performance.now(), []), 1000);
