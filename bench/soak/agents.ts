import { sleep } from '../../test/lab/clock.js';
import { Stage } from '../../test/lab/scenario.js';
import type { Session } from '../../test/lab/session.js';
import type { Vigil } from '../../test/lab/vigil.js';
import { type Match, matchSession } from '../accuracy/match.js';

const KINDS = ['claude-code', 'codex', 'claude-code'] as const;
const STORY = 'The quick brown fox jumps over the lazy dog while the band plays on. '.repeat(20);

/** Three real agents that work, ask and rest in turn, until told to stop. */
export class BusyAgents {
  readonly #stages = KINDS.map(kind => new Stage(kind, 'soak', true));
  #stopping = false;
  #turns: Promise<void>[] = [];
  /** What the lab itself could not play. */
  readonly troubles: string[] = [];
  turns = 0;

  start(): void {
    this.#turns = this.#stages.map((stage, i) => this.#play(stage, i));
  }

  async #play(stage: Stage, i: number): Promise<void> {
    try {
      const session = await stage.session([]);
      while (!this.#stopping) {
        await this.#turn(session);
        this.turns++;
        await sleep(2000 + 1000 * i);
      }
    } catch (error) {
      this.troubles.push(`${stage.kind}: ${(error as Error).message.split('\n')[0]}`);
    }
  }

  /** Works for ten seconds, asks for permission, works again. */
  async #turn(session: Session): Promise<void> {
    session.api.push(
      { do: 'tool', tool: 'shell', ask: true, text: STORY, command: 'sleep 2; echo hi >out', delay_ms: 5000 },
      { do: 'text', text: STORY, delay_ms: 1000, chunk_chars: 20, chunk_ms: 100 },
    );
    await session.prompt('go on');
    await session.untilApproval(60_000);
    await sleep(3000);
    await session.accept();
    await session.untilDone(60_000);
  }

  /** Lets the turns end; the agents stay. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#turns);
  }

  /** What was said of each agent beside what was true. */
  compare(vigil: Vigil): Match[] {
    return this.#stages.map(({ sessions, truth }) => {
      const pid = sessions[0]?.pid;
      const heard = vigil.heard.filter(({ event }) => event.pid === pid);
      return matchSession(truth, heard, vigil.uptimes);
    });
  }

  async end(): Promise<void> {
    for (const stage of this.#stages) await stage.end();
  }
}
