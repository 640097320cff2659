import { z } from 'zod';
import { maySee } from '../../model/viewer.js';
import { defineStream } from '../streams/stream.js';
import {
  runawayGuardAlert,
  runawayGuardAlertSchema,
  runawayGuardStatus,
  runawayGuardStatusSchema,
} from './rows.js';

/** What clients of RunawayGuard expect unasked. */
export const runawayGuardStream = defineStream({
  name: 'runaway_guard',
  description: 'as RunawayGuard’s clients expect: each new alert, and with each look at the machine a status',
  message: z.union([
    z.strictObject({ type: z.literal('alert'), data: runawayGuardAlertSchema }),
    z.strictObject({ type: z.literal('status'), data: runawayGuardStatusSchema }),
  ]),
  open: ({ events, machine, alerts, visibility }, send) => {
    const endEvents = events.onEvent(owned => {
      if (owned.event.type !== 'alert_opened') return;
      send(viewer => {
        const alert = visibility.event(owned, viewer)?.alert;
        return alert === undefined ? null : { type: 'alert', data: runawayGuardAlert(alert) };
      });
    });
    const endSnapshots = machine.onSnapshot(snapshot => {
      const open = alerts.open();
      send(viewer => {
        const own = open.filter(({ subject }) => maySee(viewer, subject.uid));
        return { type: 'status', data: runawayGuardStatus(snapshot, own.length) };
      });
    });
    return () => {
      endEvents();
      endSnapshots();
    };
  },
});
