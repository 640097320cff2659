import { Engine, type EngineOptions, type Opened } from './engine/engine.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';

/** The engine as the store uses it, wherever it runs. Rejects with EngineError only. */
export interface Runner {
  open(): Promise<Opened>;
  apply(operations: readonly Operation[], durably: boolean): Promise<void>;
  /** `retention_ms`: null: as it was opened for. */
  maintain(time_ms: number, retention_ms: number | null): Promise<{ more: boolean; bytes: number }>;
  query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N>>;
  moveAside(time_ms: number): Promise<string>;
  close(): Promise<void>;
}

/** In this thread. */
export class DirectRunner implements Runner {
  private readonly engine: Engine;

  constructor(options: EngineOptions) {
    this.engine = new Engine(options);
  }

  open(): Promise<Opened> {
    return this.engine.open();
  }

  async apply(operations: readonly Operation[], durably: boolean): Promise<void> {
    this.engine.apply(operations, durably);
  }

  async maintain(time_ms: number, retention_ms: number | null): Promise<{ more: boolean; bytes: number }> {
    return this.engine.maintain(time_ms, retention_ms);
  }

  async query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N>> {
    return this.engine.query(name, args);
  }

  async moveAside(time_ms: number): Promise<string> {
    return this.engine.moveAside(time_ms);
  }

  async close(): Promise<void> {
    this.engine.close();
  }
}
