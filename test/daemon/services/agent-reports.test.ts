import { expect, it } from 'vitest';
import type { AgentReport } from '../../../src/api/reports/agent.js';
import { explainReport } from '../../../src/daemon/services/agent-reports.js';
import { evidenceReport } from '../../../src/model/state-event.js';
import { Story } from '../../agents/story.js';

function explained(story: Story) {
  const { session, tracker } = story;
  const agent = { evidence: evidenceReport(session.evidence) } as AgentReport;
  return explainReport(session, tracker.explain(session), agent);
}

it('what explains a state is one answer: the rule, the evidence that is marked, and the agent’s own', () => {
  // The title tells first; then the file says the same, and has the say from then on.
  const story = new Story().claude(0).registry(0.5, { status: 'idle' });
  story.key(1.9, true).osc(2, '\x1b]0;⠂ Fix\x07').osc(2.2, '\x1b]0;⠐ Fix\x07');
  story.registry(2.4, { status: 'busy' }).spins(2.4, 4);
  expect(story.session.evidence.source).toBe('osc');
  const report = explained(story);
  expect(report.decided_by).toContain('(registry)');
  const decided = report.evidence.filter(({ note }) => note === 'decided');
  expect(decided.map(({ source, text }) => [source, text])).toEqual([
    ['registry', 'its session file says busy'],
  ]);
  expect(report.agent.evidence).toMatchObject({ source: 'registry' });
  expect(report.voices.map(({ voice, verdict }) => `${voice} ${verdict}`)).toEqual([
    'run_state silent',
    'process silent',
    'registry decides',
    'title agrees',
    'transcript silent',
    'activity agrees',
    'children silent',
  ]);
  expect(report.voices[2]).toMatchObject({ text: decided[0]?.text, why: report.decided_by });
});

it('of what is said against it, it tells why it is not believed', () => {
  const story = new Story().claude(0).key(1.9, true).registry(2, { status: 'busy' });
  story.osc(2.1, '\x1b]0;⠂ Fix\x07').spins(2, 4).osc(4, '\x1b]0;✳ Fix\x07').until(4.4);
  const [, , registry, title] = explained(story).voices;
  expect(registry).toMatchObject({
    verdict: 'disbelieved',
    text: 'its session file says busy',
    why: 'the window title says otherwise, and has the say',
  });
  expect(title).toMatchObject({ verdict: 'decides', why: "the agent's own word (osc) decides" });
  expect(explained(story).decided_by).toBe(title?.why);
});

it('also where what decides is on no record yet, and once it ended', () => {
  const drawing = new Story().claude(0).registry(1, { status: 'idle' }).until(30);
  const decided = (story: Story) => explained(story).evidence.filter(({ note }) => note === 'decided');
  expect(decided(drawing)).toMatchObject([{ source: 'registry' }]);
  expect(decided(drawing.spins(30, 37))).toMatchObject([{ source: 'rhythm' }]);
  expect(decided(drawing.exit(41))).toMatchObject([{ source: 'lifecycle' }]);
  expect(explained(drawing).decided_by).toBe('the process ended');
});
