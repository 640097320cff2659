import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentType } from '../../../src/agents/agent-type.js';
import { AGENT_TYPES } from '../../../src/agents/types/index.js';
import { VOICES, type VoiceName } from '../../../src/agents/voice.js';

/** What a voice needs of its type, to be heard at all. */
const NEEDS: Partial<Record<VoiceName, (type: AgentType) => unknown>> = {
  registry: type => type.readRegistry && type.files,
  status: type => type.readOsc,
  title: type => type.readTitle,
  transcript: type => type.files,
};

it('all types have a place of their own, a name and a label', () => {
  const names = AGENT_TYPES.map(({ name }) => name);
  const places = readdirSync(new URL('../../../src/agents/types', import.meta.url));
  expect(
    places
      .map(place => place.replace(/\.ts$/, ''))
      .filter(place => place !== 'index')
      .sort(),
  ).toEqual([...names].sort());
  expect(new Set(AGENT_TYPES.map(({ label }) => label)).size).toBe(names.length);
});

describe.each(AGENT_TYPES.map(type => [type.name, type] as const))('%s', (_name, type) => {
  const names = type.voices.map(({ name }) => name);

  it('has what each of its voices needs, and a voice for each that it has', () => {
    expect(names.filter(name => NEEDS[name] !== undefined && !NEEDS[name](type))).toEqual([]);
    const heard = { readRegistry: 'registry', readOsc: 'status', readTitle: 'title' } as const;
    for (const [reader, voice] of Object.entries(heard))
      if (type[reader as keyof typeof heard] !== undefined) expect(names).toContain(voice);
  });

  it('declares each voice once, the strongest first, and says when it works', () => {
    expect(names).toEqual(VOICES.filter(name => names.includes(name)));
    expect(type.voices.filter(({ asserts }) => !asserts.includes('working'))).toEqual([]);
    expect(names).toContain('activity');
  });
});
