import { withMadeSection } from '../lib/text/made-section.js';
import { markdownTable } from '../lib/text/markdown-table.js';
import { EVIDENCE_SOURCES } from '../model/agent.js';
import { AGENT_TYPES } from './types/index.js';
import { EVIDENCE_OF, type Overruling, type Settling, VOICES, type Voice } from './voice.js';

/** The tables of docs/states.md: which voices each agent type has, and how each is weighed. */

/** The page with the tables as they must be. @throws when it has no place for them */
export function withAgentsTable(page: string): string {
  return withMadeSection(page, 'src/agents/reference.ts', `${agentsTable()}\n\n${voicesTable()}`);
}

function agentsTable(): string {
  const voices = AGENT_TYPES.flatMap(type => type.voices);
  const columns = EVIDENCE_SOURCES.filter(source => voices.some(({ name }) => EVIDENCE_OF[name] === source));
  const yes = (is: boolean) => (is ? 'yes' : '–');
  const rows = AGENT_TYPES.map(({ label, voices: own }) => [
    label,
    ...columns.map(source => yes(own.some(({ name }) => EVIDENCE_OF[name] === source))),
    yes(own.some(({ name, goes_on }) => name === 'activity' && goes_on)),
    yes(own.some(tellsAsking)),
  ]);
  const sources = columns.map(source => `\`${source}\``);
  return markdownTable(['Agent', ...sources, 'Draws all the time', 'Tells asking from done'], rows);
}

function tellsAsking({ self_reported, asserts, open_call_asks_after_ms }: Voice): boolean {
  return self_reported && (asserts.includes('approval') || open_call_asks_after_ms !== null);
}

/** A row for each way in which a voice is weighed, the strongest first. */
function voicesTable(): string {
  const rows = new Map<string, { cells: string[]; agents: string[] }>();
  for (const { label, voices } of AGENT_TYPES) {
    for (const voice of voices) {
      const cells = described(voice);
      const row = rows.get(cells.join()) ?? { cells, agents: [] };
      row.agents.push(label);
      rows.set(cells.join(), row);
    }
  }
  const head = [
    'Voice',
    'Agents',
    'Tells',
    'Late by',
    'Believed',
    'Overruled by',
    'Refuted by',
    'Its silence',
  ];
  const order = VOICES.flatMap(name => [...rows.values()].filter(({ cells }) => cells[0] === `\`${name}\``));
  return markdownTable(
    head,
    order.map(({ cells: [name = '', ...rest], agents }) => [name, agents.join(', '), ...rest]),
  );
}

function described(voice: Voice): string[] {
  const { name, asserts, latency_ms, settles, overruled_by, silence } = voice;
  return [
    `\`${name}\``,
    asserts.join(', '),
    latency_ms === 0 ? '–' : `${latency_ms} ms`,
    listed(settles.map(settled), 'at once'),
    listed(overruled_by.map(overruled)),
    refuted(voice),
    silence === null
      ? '–'
      : `${silence.says}, after ${silence.after_ms === null ? '`state.wait_threshold_ms`' : `${silence.after_ms} ms`}`,
  ];
}

function listed(parts: readonly string[], none = '–'): string {
  return parts.length === 0 ? none : parts.join('; ');
}

function settled({ says, from, after_ms, unless_enter, and_goes_on }: Settling): string {
  const unless = unless_enter ? ', unless Enter explains it' : '';
  const further = and_goes_on ? ' and if it goes on' : '';
  const state = from === 'not WORKING' ? 'not yet WORKING' : from;
  return `${says}, while ${state}: after ${after_ms} ms${further}${unless}`;
}

function overruled({ by, saying, after_ms, if_later }: Overruling): string {
  const names = by.map(name => `\`${name}\``).join(', ');
  return `${names} ${if_later ? 'later ' : ''}saying ${saying}${after_ms > 0 ? `, for ${after_ms} ms` : ''}`;
}

function refuted(voice: Voice): string {
  const {
    drawing_refutes_after_ms: drawing_ms,
    silence_refutes_after_ms: silence_ms,
    hangs_after_ms,
  } = voice;
  const drawing = drawing_ms === null ? [] : [`${drawing_ms / 1000} s of drawing`];
  const silence = silence_ms === null ? [] : [`${silence_ms / 1000} s of silence`];
  const hangs = hangs_after_ms === null ? [] : [`${hangs_after_ms / 1000} s of silence: it hangs`];
  return listed([...drawing, ...silence, ...hangs]);
}
