import { z } from 'zod';
import { BY_GROUP, LIVE } from '../../model/config-key.js';
import { COLLECTORS, type CollectorId } from './index.js';

const seconds = (value: number, words: string) =>
  z.number().min(0.5).max(3600).default(value).describe(words);

const sampling = z
  .strictObject({
    sample_interval_normal_s: seconds(10, 'How often the machine and its processes are looked at.'),
    sample_interval_alert_s: seconds(2, 'The same while an alert is open.'),
  })
  .refine(keys => keys.sample_interval_alert_s <= keys.sample_interval_normal_s, {
    path: ['sample_interval_alert_s'],
    message: 'must not be longer than sample_interval_normal_s',
  })
  .describe('How often the machine is looked at.')
  .meta({ ...BY_GROUP, ...LIVE });

/** One switch for each collector. */
const collectors = z
  .strictObject(
    Object.fromEntries(
      COLLECTORS.map(({ id, describe }) => [id, z.boolean().default(true).describe(describe)]),
    ) as Record<CollectorId, z.ZodDefault<z.ZodBoolean>>,
  )
  .describe(
    'What is looked at of the machine. What is off is not asked for, and rules that need it are silent.',
  )
  .meta({ ...BY_GROUP, ...LIVE });

export type SamplingConfig = z.infer<typeof sampling>;

/** `[sampling]` and `[collectors]` */
export const hostConfig = { sampling: sampling.prefault({}), collectors: collectors.prefault({}) };
