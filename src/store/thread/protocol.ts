import type { Trouble } from '../engine/error.js';

export type Method = 'open' | 'apply' | 'maintain' | 'query' | 'moveAside' | 'close';

/** Both are plain data: they are copied from thread to thread. */
export interface Request {
  id: number;
  method: Method;
  args: unknown[];
}

export type Reply =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; trouble: Trouble; message: string };
