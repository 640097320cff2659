/** How many rows a report holds at most, the latest ones. */
export const REPORT_LIMITS = { sessions: 100, alerts: 200, actions: 100 } as const;
