/** An alert or a process was explained. */
export interface FinishedDiagnosis {
  time_ms: number;
  /** Null: it was about a process. */
  alert_id: number | null;
  /** Who explained. */
  by: 'model' | 'rules';
  /** One sentence; names of other processes are in it. */
  diagnostic: string;
  /** Why no model explained, for the log; null: one did, or none was wanted. */
  failure: string | null;
  /** What the question has cost, answered or not; null: no request was made. */
  usage: { provider: string; model: string; input_tokens: number; output_tokens: number } | null;
  /** All that was said. */
  answer: unknown;
}
