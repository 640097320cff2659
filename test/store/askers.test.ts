import { expect, it } from 'vitest';
import { FairMutex } from '../../src/store/fair-mutex.js';

/** A clock that only work moves. */
function bench() {
  let now_ms = 0;
  const done: string[] = [];
  const charged = new Map<number | null, number>();
  const turns = new FairMutex(() => now_ms);
  const ask = (uid: number | null, what: string, takes_ms = 10) =>
    turns.ask(
      async () => {
        now_ms += takes_ms;
        await Promise.resolve();
        done.push(what);
        return what;
      },
      60_000,
      { uid, charge: ms => charged.set(uid, (charged.get(uid) ?? 0) + ms) },
    );
  return { ask, done, charged };
}

it('root’s question is next, however many users have asked before', async () => {
  const { ask, done } = bench();
  const users = Array.from({ length: 4 }, (_, i) => ask(1000, `ann ${i}`));
  await Promise.all([...users, ask(null, 'root')]);
  expect(done.indexOf('root')).toBeLessThanOrEqual(1);
});

it('of users the one who has had least is next', async () => {
  const { ask, done } = bench();
  await ask(1000, 'before', 5000);
  const ann = Array.from({ length: 4 }, (_, i) => ask(1000, `ann ${i}`));
  const ben = Array.from({ length: 4 }, (_, i) => ask(1001, `ben ${i}`));
  await Promise.all([...ann, ...ben]);
  expect(done.slice(1, 7).filter(what => what.startsWith('ben'))).toHaveLength(4);
});

it('no user takes all the places, nor do all of them take root’s', async () => {
  const { ask } = bench();
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => ask(1000, 'ann')),
    ask(1001, 'ben'),
    ...Array.from({ length: 40 }, (_, i) => ask(2000 + i, 'others')),
    ask(null, 'root'),
  ]);
  expect(answers.slice(0, 20).filter(answer => answer !== null)).toHaveLength(4);
  expect(answers[20]).toBe('ben');
  expect(answers.at(-1)).toBe('root');
});

it('what it took is told to who asked', async () => {
  const { ask, charged } = bench();
  await ask(1000, 'ann', 250);
  expect(charged.get(1000)).toBe(250);
});
