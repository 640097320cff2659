import { expect, it } from 'vitest';
import { readCopilotEvents } from '../../../src/agents/types/copilot-cli/events.js';
import { helperAgent } from '../../../src/outputs/helpers/helper-agent.js';
import { Story } from '../../agents/story.js';

it('what Copilot asks permission for is told with the request', () => {
  const events = [
    { type: 'user.message', data: {} },
    { type: 'assistant.turn_start', data: {} },
    {
      type: 'tool.execution_start',
      data: { toolCallId: 'a', toolName: 'bash', arguments: { command: 'rm -rf build' } },
    },
    { type: 'permission.requested', data: { requestId: 'r' } },
  ];
  const log = events.map(event => `${JSON.stringify(event)}\n`).join('');
  const story = new Story().process(0, { exe: '/usr/bin/copilot', argv: ['copilot'] });
  story.at(1, { type: 'transcript', pid: 100, entry: readCopilotEvents(log) }).until(2);
  expect(helperAgent(story.session, 0)).toMatchObject({
    state: 'WAITING',
    reason: 'approval',
    asks: 'bash: rm -rf build',
  });
});

it('of a conversation, the program in which its person sits is told; of a terminal, none', () => {
  const hosted = (argv: string[]) =>
    helperAgent(new Story().process(0, { exe: '/usr/bin/claude', argv, host: 'zed' }).until(1).session, 0)
      .host;
  expect(hosted(['claude', '--output-format', 'stream-json', '--input-format', 'stream-json'])).toBe('zed');
  expect(hosted(['claude'])).toBeNull();
});
