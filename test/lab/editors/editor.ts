import { nowMs, sleep } from '../clock.js';
import { type Protocol, startServer } from './servers.js';

/**
 * Plays an editor: starts one agent, holds two conversations with it, and prints what is true of each, a JSON line a change.
 * It is run by a program that is named as an editor is.
 */
export interface Plan {
  protocol: Protocol;
  argv: string[];
  env: Record<string, string>;
  /** The folders of its conversations. */
  cwds: string[];
  /** How long a request stays unanswered, and a conversation idle. */
  rest_ms: number;
}

export interface Told {
  time_ms: number;
  what: 'started' | 'opened' | 'working' | 'asks' | 'answered' | 'done' | 'closed' | 'ended';
  pid: number;
  /** Which of the conversations; -1: all. */
  of: number;
  id: string | null;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan;
const ids: string[] = [];
let pid = 0;

function tell(what: Told['what'], of: number): void {
  const told: Told = { time_ms: nowMs(), what, pid, of, id: ids[of] ?? null };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

/** Who waits for a request of theirs. */
let requested: (() => void) | null = null;
let answer: (() => void) | null = null;

const server = await startServer(plan.protocol, {
  argv: plan.argv,
  env: plan.env,
  cwd: plan.cwds[0] ?? '/',
  async asks(id) {
    tell('asks', ids.indexOf(id));
    const answered = new Promise<void>(resolve => {
      answer = resolve;
    });
    requested?.();
    await answered;
    tell('answered', ids.indexOf(id));
  },
});
pid = server.child.pid ?? 0;
tell('started', -1);

async function turn(of: number): Promise<void> {
  tell('working', of);
  await server.prompt(ids[of]!, plan.cwds[of]!, `Turn of ${of}`);
  tell('done', of);
}

for (const [of, cwd] of plan.cwds.entries()) {
  ids.push(await server.open(cwd));
  tell('opened', of);
}
await sleep(plan.rest_ms);
await turn(0);
await sleep(plan.rest_ms);
const asking = new Promise<void>(resolve => {
  requested = resolve;
});
const long = turn(0);
// Where it needs no leave after all, the turn ends.
await Promise.race([asking, long]);
await sleep(plan.rest_ms);
await turn(1);
await sleep(plan.rest_ms);
(answer as (() => void) | null)?.();
await long;
await sleep(plan.rest_ms);
tell('closed', 1);
await server.close(ids[1]!);
await sleep(plan.rest_ms);
await server.end();
tell('ended', -1);
