import { tryReadText } from '../../sources/host/read.js';
import { parseTasks } from '../../sources/host/tasks.js';

/** So many tasks more than there were within the last seconds; a Java program starts with as many threads. */
const MORE_TASKS = 150;
const SECONDS = 5;
/** So many want to run for each core, and at least so many: few machines do that for work. */
const RUNNING_EACH = 20;
const RUNNING_LEAST = 100;

/**
 * Whether processes seem to multiply, asked every second at the price of one small file. It knows nothing of who they
 * are: it only says that it is worth a look now.
 */
export class StormWatch {
  private readonly totals: number[] = [];

  constructor(
    private readonly procRoot: string,
    private readonly cores: number,
  ) {}

  look(): boolean {
    const tasks = parseTasks(tryReadText(`${this.procRoot}/loadavg`) ?? '');
    if (tasks === null) return false;
    const least = Math.min(...this.totals, tasks.total);
    this.totals.push(tasks.total);
    if (this.totals.length > SECONDS) this.totals.shift();
    return (
      tasks.total - least >= MORE_TASKS || tasks.running >= Math.max(RUNNING_LEAST, RUNNING_EACH * this.cores)
    );
  }
}
