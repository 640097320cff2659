import { list } from '../../../model/schema.js';
import { observationSchema } from '../../reports/observation.js';
import { observationStream } from '../../streams/observations.js';
import { admins, defineCommand, none } from '../definition.js';

export const record = defineCommand({
  name: 'record',
  description: 'what a recording that starts now begins with',
  access: admins('a recording holds everybody’s agents', 'only root and the group vigil may make one'),
  pace: 'stepwise',
  params: none,
  result: list(observationSchema),
  subscribe: { stream: observationStream },
  run: ({ observations }) => observations.snapshot(),
});
