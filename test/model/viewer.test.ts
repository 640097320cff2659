import { expect, it } from 'vitest';
import { maySee } from '../../src/model/viewer.js';

it('who may see whose', () => {
  expect(maySee({ kind: 'all' }, 7)).toBe(true);
  expect(maySee({ kind: 'user', uid: 7 }, 7)).toBe(true);
  expect(maySee({ kind: 'user', uid: 7 }, 8)).toBe(false);
  expect(maySee({ kind: 'none' }, 7)).toBe(false);
  // What is the machine's is for everybody who is known.
  expect(maySee({ kind: 'user', uid: 7 }, null)).toBe(true);
  expect(maySee({ kind: 'none' }, null)).toBe(false);
});
