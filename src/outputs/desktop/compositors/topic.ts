/** What stays of a title while its spinner turns: `✳ Fix the tests` → `Fix the tests`. */
export function topicOf(title: string | null): string {
  return (title ?? '').replace(/^[^\p{L}\p{N}]+/u, '').trim();
}

/** Another tab is in front, or something else is done there; spinners alone are no news. */
export function isOtherTopic(before: string | undefined, after: string): boolean {
  return topicOf(before ?? '') !== topicOf(after);
}
