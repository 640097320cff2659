import { describe, expect, it } from 'vitest';
import type { TranscriptEntry } from '../../../src/model/observation.js';
import { stateEvent } from '../../../src/model/state-event.js';
import { Story } from '../story.js';

/** Codex's app-server, as an editor starts it: one process, as many conversations as its person opens. */
class Server extends Story {
  constructor() {
    super();
    const argv = ['codex', 'app-server'];
    this.process(0, { exe: '/opt/codex', argv, comm: 'codex', cwd: '/home/u', tty: null, host: 'code' });
  }

  says(s: number, id: string, phase: TranscriptEntry['phase'] | null, detail: string | null = null): this {
    const entry = phase && { phase, detail, session_id: null, at_ms: 0 };
    const conversation = { id, cwd: `/work/${id}` };
    return this.at(s, { type: 'transcript', pid: 100, entry, conversation });
  }

  /** `shop: WAITING done`, one for each session that is shown. */
  get shown(): string[] {
    return this.tracker
      .sessions()
      .map(({ session_id, cwd, state, reason }) => `${session_id} ${cwd}: ${state} ${reason}`);
  }

  get told(): string[] {
    return this.said
      .map(stateEvent)
      .map(({ session_id = '-', to, reason }) => `${session_id} ${to} ${reason}`);
  }
}

const SHELL = { path: '/bin/bash', argv: ['bash', '-c', 'make'], uid: 1000, truncated: false };

describe('several conversations in one process', () => {
  it('are a session each, with a state and a folder of its own', () => {
    const server = new Server()
      .says(5, 'shop', 'working')
      .says(6, 'site', 'working')
      .says(8, 'shop', 'turn_over');
    server.until(9);
    expect(server.shown).toEqual(['shop /work/shop: WAITING done', 'site /work/site: WORKING thinking']);
    expect(new Set(server.tracker.sessions().map(({ pid }) => pid))).toEqual(new Set([100]));
    expect(new Set(server.tracker.sessions().map(({ id }) => id)).size).toBe(2);
    expect(server.tracker.sessions().map(({ host }) => host)).toEqual(['code', 'code']);
  });

  it('tell of which of them an event is', () => {
    const server = new Server().says(5, 'shop', 'working').says(6, 'site', 'approval', 'exec_command: make');
    server.until(7);
    expect(server.told).toContain('site WAITING approval');
    expect(server.told).not.toContain('shop WAITING approval');
  });

  it('end with their process', () => {
    const server = new Server().says(5, 'shop', 'working').says(6, 'site', 'turn_over').exit(10);
    expect(server.shown).toEqual(['shop /work/shop: EXITED exit', 'site /work/site: EXITED exit']);
    server.until(100);
    expect(server.shown).toEqual([]);
  });

  it('stand still together when their process is stopped', () => {
    const server = new Server().says(5, 'shop', 'working').says(6, 'site', 'working').until(7);
    server.at(8, { type: 'run_state', pid: 100, stopped: true });
    expect(server.shown.map(line => line.split(': ')[1])).toEqual(['WAITING suspended', 'WAITING suspended']);
    server.at(20, { type: 'run_state', pid: 100, stopped: false }).until(21);
    expect(server.shown.map(line => line.split(': ')[1])).toEqual(['WORKING thinking', 'WORKING thinking']);
  });

  it('have the tools that run in their folders', () => {
    const server = new Server().says(5, 'shop', 'working').says(6, 'site', 'working').until(7);
    server.at(8, { type: 'fork', ppid: 100, pid: 300 });
    const bash = { pid: 300, ppid: 100, exe: '/bin/bash', argv: SHELL.argv, comm: 'bash', tty: null };
    server.process(8, { ...bash, cwd: '/work/shop' }).until(9);
    expect(server.shown).toEqual(['shop /work/shop: WORKING tool', 'site /work/site: WORKING thinking']);
    server.exit(10, 300).until(11);
    expect(server.shown[0]).toBe('shop /work/shop: WORKING thinking');
  });

  it('leave the list when their log does, and the process stays', () => {
    const server = new Server().says(5, 'shop', 'working').says(6, 'site', 'working').until(7);
    server.says(10, 'shop', null).until(11);
    expect(server.tracker.sessions()[0]?.since_ms).toBeLessThan(
      server.tracker.sessions()[0]!.started_ms + 9_000,
    );
    expect(server.shown).toEqual(['site /work/site: WORKING thinking']);
    expect(server.told.at(-1)).toBe('shop EXITED exit');
    server.says(12, 'site', null).until(18);
    expect(server.shown).toEqual(['null /home/u: WAITING input']);
    server.says(20, 'blog', 'working').until(21);
    expect(server.shown).toEqual(['blog /work/blog: WORKING thinking']);
  });

  it('leave it when nothing was said for an hour, but for the last, and come back', () => {
    const server = new Server()
      .says(5, 'shop', 'turn_over')
      .says(60, 'site', 'turn_over')
      .says(61, 'blog', 'question');
    server.until(3500);
    expect(server.shown).toHaveLength(3);
    server.until(4100);
    expect(server.shown).toEqual(['blog /work/blog: WAITING question']);
    server.says(4200, 'shop', 'working').until(4201);
    expect(server.shown).toContain('shop /work/shop: WORKING thinking');
    const alone = new Server().says(5, 'shop', 'turn_over').until(100_000);
    expect(alone.shown).toEqual(['shop /work/shop: WAITING input']);
  });

  it('are a bounded number, whatever their files say', () => {
    const server = new Server();
    for (let i = 0; i < 500; i++) server.says(5 + i / 100, `c${i}`, 'turn_over');
    server.until(20);
    expect(server.shown.length).toBeLessThanOrEqual(32);
    expect(server.shown.at(-1)).toContain('c499');
  });

  it('is the one that wants its person most when only the process is named', () => {
    const server = new Server()
      .says(5, 'shop', 'working')
      .says(6, 'site', 'question')
      .says(7, 'blog', 'turn_over');
    server.until(8);
    expect(server.tracker.findForPerson(100)?.session_id).toBe('site');
    expect(server.tracker.findForPerson(100, 'blog')?.session_id).toBe('blog');
    expect(server.tracker.findForPerson(100, 'none')).toBeUndefined();
  });
});

it('a transcript that is gone says nothing after a moment, and that is told', () => {
  const story = new Story().claude(0, { tty: null, argv: ['claude', '--input-format', 'stream-json'] });
  story.transcript(5, 'working').at(10, { type: 'transcript', pid: 100, entry: null }).until(10.5);
  expect(story.session.state).toBe('WORKING');
  story.until(20);
  expect(story.session.state).toBe('WAITING');
  const told = story.tracker.explain(story.session);
  expect(told?.voices.find(({ voice }) => voice === 'transcript')).toMatchObject({
    verdict: 'disbelieved',
    why: 'what it spoke from is gone',
  });
  expect(story.session.evidence_log.map(({ text }) => text)).toContain('its transcript is gone');
});
