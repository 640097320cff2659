import type { z } from 'zod';

/** Whether it is as the schema says, as it arrives: JSON leaves out what is undefined. @throws Error that says where not */
export function strictly(schema: z.ZodType, value: unknown, what: string): void {
  let arrived: unknown;
  try {
    arrived = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  } catch {
    return; // What cannot be written down is the socket's to deal with.
  }
  const checked = schema.safeParse(arrived);
  if (!checked.success) throw new Error(`${what} is not as its schema says: ${checked.error.message}`);
}
