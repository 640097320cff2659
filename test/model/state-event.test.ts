import { expect, it } from 'vitest';
import { endingFields } from '../../src/model/state-event.js';

it('calls a signal by its usual name, where it has two', () => {
  const names = [6, 9, 17, 29, 64].map(signal => endingFields({ code: null, signal, sender: null }).signal);
  expect(names).toEqual(['SIGABRT', 'SIGKILL', 'SIGCHLD', 'SIGIO', 'SIG64']);
});
