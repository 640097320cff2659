import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

export class TestIo implements Io {
  stdout = '';
  stderr = '';
  env: Record<string, string> = {};
  columns: number | null = null;
  color = false;
  home: string | null = '/home/ann';
  /** What somebody answers; null: nobody is there. */
  answer: string | null = null;
  asked = '';

  out(text: string): void {
    this.stdout += text;
  }
  err(text: string): void {
    this.stderr += text;
  }
  async ask(question: string): Promise<string | null> {
    this.asked += question;
    return this.answer;
  }
  endWithReader(): void {}
  now(): number {
    return Date.now();
  }
}

export async function vigil(args: readonly string[], over: Partial<TestIo> = {}): Promise<Outcome> {
  const io = Object.assign(new TestIo(), over);
  const code = await run(args, io);
  return { code, out: io.stdout, err: io.stderr };
}
