import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Listed {
  id?: number;
  result?: { data?: { hooks: { key: string; currentHash: string }[] }[] };
}

/**
 * Codex runs only hooks whose hash its owner has trusted. It tells the hashes itself; they are written
 * where it looks for them. (Its flag that bypasses the trust also changes its shape: no app-server daemon.)
 */
export async function trustCodexHooks(
  binary: string,
  env: Record<string, string>,
  cwd: string,
): Promise<void> {
  const server = spawn(binary, ['app-server'], { env, cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = new Promise(resolve => server.once('exit', resolve));
  const send = (message: object): void => {
    server.stdin.write(`${JSON.stringify(message)}\n`);
  };
  const clientInfo = { name: 'lab', title: 'lab', version: '0' };
  send({ id: 1, method: 'initialize', params: { clientInfo } });
  for await (const line of createInterface({ input: server.stdout })) {
    const message = JSON.parse(line) as Listed;
    if (message.id === 1) {
      send({ method: 'initialized' });
      send({ id: 2, method: 'hooks/list', params: { cwds: [cwd] } });
    } else if (message.id === 2) {
      const found = message.result?.data?.flatMap(d => d.hooks) ?? [];
      const state = found.map(
        h => `[hooks.state.${JSON.stringify(h.key)}]\ntrusted_hash = "${h.currentHash}"\n`,
      );
      appendFileSync(join(env.CODEX_HOME!, 'config.toml'), `\n${state.join('\n')}`);
      break;
    }
  }
  server.stdin.end();
  server.kill('SIGTERM');
  await exited;
}
