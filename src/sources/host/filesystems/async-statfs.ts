import { type AskStatfs, type Sizes, statfsByChild } from './statfs.js';

interface Asked {
  sizes: Sizes | null;
  hung: boolean;
  /** When the question under way was asked; null: none is. */
  waiting_since_ms: number | null;
  asked_ms: number;
}

const ASK_AGAIN_MS = 30_000;
/** Waiting longer than this is a hang, whether or not the question could be taken back. */
const HUNG_AFTER_MS = 5_000;
/** Each question under way is a process. */
const MAX_WAITING = 16;

/** Sizes of filesystems that may hang: asked in the background, one question for each at a time. */
export class AsyncStatfs {
  private readonly known = new Map<string, Asked>();

  constructor(private readonly ask: AskStatfs = mount => statfsByChild(mount)) {}

  /** What is known now. Null: nothing yet, or it may not be asked. Asks again when that is due. */
  sizes(mount: string, now_ms: number): { sizes: Sizes | null; hung: boolean } | null {
    const asked = this.known.get(mount) ?? newAsked();
    this.known.set(mount, asked);
    const { waiting_since_ms } = asked;
    if (waiting_since_ms !== null && now_ms - waiting_since_ms >= HUNG_AFTER_MS) asked.hung = true;
    if (waiting_since_ms === null && now_ms - asked.asked_ms >= ASK_AGAIN_MS)
      this.start(mount, asked, now_ms);
    return asked.sizes === null && !asked.hung ? null : { sizes: asked.sizes, hung: asked.hung };
  }

  isHung(mount: string): boolean {
    return this.known.get(mount)?.hung ?? false;
  }

  /** Forgets mounts that are gone, once their question has ended: a path is asked once at a time. */
  forgetAllBut(mounts: ReadonlySet<string>): void {
    for (const [mount, { waiting_since_ms }] of this.known) {
      if (!mounts.has(mount) && waiting_since_ms === null) this.known.delete(mount);
    }
  }

  private start(mount: string, asked: Asked, now_ms: number): void {
    let waiting = 0;
    for (const { waiting_since_ms } of this.known.values()) if (waiting_since_ms !== null) waiting++;
    if (waiting >= MAX_WAITING) return;
    asked.asked_ms = now_ms;
    asked.waiting_since_ms = now_ms;
    const answered = (answer: Sizes | 'no answer' | null) => {
      asked.waiting_since_ms = null;
      asked.hung = answer === 'no answer';
      if (answer !== 'no answer') asked.sizes = answer;
    };
    this.ask(mount).then(answered, () => answered(null));
  }
}

function newAsked(): Asked {
  return { sizes: null, hung: false, waiting_since_ms: null, asked_ms: Number.NEGATIVE_INFINITY };
}
