import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Built } from '../cli/built.js';

/** The store as it is installed: compiled, with its thread, in a process that can be killed. */

let built: Built;
let dir: string;
beforeAll(() => {
  built = new Built();
  dir = mkdtempSync(join(tmpdir(), 'vigil-store-thread-'));
}, 120_000);
afterAll(() => {
  built?.remove();
  if (dir !== undefined) rmSync(dir, { recursive: true });
});

/** A process that runs `body` with an open store; answers how it ended and what it wrote. */
function run(state: string, body: string, onLine: (line: string, pid: number) => void = () => {}) {
  const script = join(dir, `${state}.mjs`);
  writeFileSync(
    script,
    `import { openStore } from '${built.dir}/dist/store/open.js';
     import { silentLogger } from '${built.dir}/dist/lib/log/logger.js';
     import { HOST_FIGURES } from '${built.dir}/dist/sources/host/index.js';
     const store = await openStore({ figures: HOST_FIGURES, directory: '${join(dir, state)}', logger: silentLogger(), now: Date.now,
       retention_hours: 168, snapshot_interval_s: 10, max_bytes: 64e6, flush_ms: 50 });
     const alert = id => ({ id, rule: 'r', key: 'k' + id, status: 'open', severity: 'high', title: '', text: '',
       suggestion: null, numbers: {}, opened_ms: id, updated_ms: id, resolved_ms: null,
       subject: { kind: 'host', name: '', uid: null, processes: [], session: null, lineage: null } });
     const say = text => process.stdout.write(text + '\\n');
     const sleep = ms => new Promise(done => setTimeout(done, ms));
     ${body}`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', chunk => {
    for (const line of String(chunk).split('\n')) if (line !== '') onLine(line, child.pid!);
    text += chunk;
  });
  return new Promise<{ code: number | null; signal: string | null; text: string }>(resolve => {
    child.on('close', (code, signal) => resolve({ code, signal, text }));
  });
}

const rows = <T>(state: string, sql: string): T[] => {
  const db = new Sqlite(join(dir, state, 'vigil.db'));
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
  }
};

describe('the thread', () => {
  it('writes, answers, and lets the process end when it is stopped', async () => {
    const { code, text } = await run(
      'answers',
      `store.putAlert(alert(1));
       say(String((await store.query('openAlerts')).length));
       await store.stop();`,
    );
    expect([code, text]).toEqual([0, '1\n']);
    expect(rows('answers', 'SELECT id FROM alerts')).toEqual([{ id: 1 }]);
  });

  it('keeps no process alive that forgot to stop it', async () => {
    const { code } = await run('forgotten', 'store.putAlert(alert(1));');
    expect(code).toBe(0);
  });
});

describe('kill -9', () => {
  it('loses nothing that was flushed, and leaves a sound database', async () => {
    let last = 0;
    const { signal } = await run(
      'killed',
      `for (let id = 1; ; id++) {
         store.putAlert(alert(id));
         if (id % 20 !== 0) continue;
         await store.flush();
         say(String(id));
       }`,
      (line, pid) => {
        last = Number(line);
        if (last >= 2000) process.kill(pid, 'SIGKILL');
      },
    );
    expect(signal).toBe('SIGKILL');
    expect(rows('killed', 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const [found] = rows<{ n: number; most: number }>(
      'killed',
      'SELECT count(*) AS n, max(id) AS most FROM alerts',
    );
    expect(found!.n).toBeGreaterThanOrEqual(last);
    expect(found!.most).toBe(found!.n);
    const { text } = await run('killed', 'say(String(store.nextAlertId())); await store.stop();');
    expect(Number(text)).toBe(found!.n + 1);
  });
});
