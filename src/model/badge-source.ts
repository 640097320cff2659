/** The agents that the badge format has pictures for (specs/contracts/badge.schema.json); all others are generic. */
export const BADGE_SOURCES = ['claude-code', 'codex', 'generic'] as const;
export type BadgeSource = (typeof BADGE_SOURCES)[number];

/** What stands for an agent in badges and bars. */
export function badgeSource(agent: string): BadgeSource {
  return BADGE_SOURCES.find(source => source === agent) ?? 'generic';
}
