import { healthReportSchema } from '../../reports/health.js';
import { ANYONE, defineCommand, none } from '../definition.js';

export const health = defineCommand({
  name: 'health',
  description: 'whether vigil works as it should',
  access: ANYONE,
  pace: 'quick',
  params: none,
  result: healthReportSchema,
  run: ({ health }, _, { viewer, clients }) => health.report(viewer, clients),
});
