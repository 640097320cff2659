import { z } from 'zod';
import { admins, defineCommand, none } from '../definition.js';

const result = z.strictObject({ paused: z.boolean() });

export const pauseMonitoring = defineCommand({
  name: 'pause_monitoring',
  description: 'stops looking at the machine until `resume_monitoring`; agents are watched all the same',
  access: admins('this pauses the watch over everybody’s processes'),
  pace: 'quick',
  params: none,
  result,
  run: ({ machine }) => {
    machine.pause();
    return { paused: true };
  },
});

export const resumeMonitoring = defineCommand({
  name: 'resume_monitoring',
  description: 'looks at the machine again',
  access: admins('this concerns the watch over everybody’s processes'),
  pace: 'quick',
  params: none,
  result,
  run: ({ machine }) => {
    machine.resume();
    return { paused: false };
  },
});
