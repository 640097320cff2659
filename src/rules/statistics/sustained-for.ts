/** More steps than this are not kept. Random values need about ln(n) of them. */
const MAX_STEPS = 12;

/**
 * Since when a quantity has been at least x, without a break, for every x at once: a stack of steps that
 * rise in value and in time. A new value takes away the steps above it and begins where they began.
 */
export class SustainedFor {
  private readonly steps: { value: number; since_ms: number }[] = [];

  /** @param since_ms from when on the value has been so: a rate holds from the sample before on */
  add(since_ms: number, value: number): void {
    let begin_ms = since_ms;
    while (this.steps.length > 0 && this.steps.at(-1)!.value >= value) {
      begin_ms = Math.min(begin_ms, this.steps.pop()!.since_ms);
    }
    this.steps.push({ value, since_ms: begin_ms });
    // Without the last step but one, an answer can only be later than the truth.
    if (this.steps.length > MAX_STEPS) this.steps.splice(-2, 1);
  }

  /** null: it is below `least` now. */
  since(least: number): number | null {
    for (const step of this.steps) if (step.value >= least) return step.since_ms;
    return null;
  }
}
