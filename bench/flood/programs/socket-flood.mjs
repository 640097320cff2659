// socket-flood.mjs SOCKET PID: asks what is dear, over many connections at once, again as soon as it is answered; holds
// idle connections, half requests, and requests a byte at a time. Says how many answers it had when its input closes.
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

const [, , path, target] = process.argv;
const pid = Number(target);
const ASKERS = 50;
const WISHES = [
  { cmd: 'kill_preview', params: { pid, scope: 'cgroup' } },
  { cmd: 'kill_preview', params: { pid, scope: 'tree' } },
  { cmd: 'processes', params: { limit: 1000 } },
  { cmd: 'list_processes' },
  { cmd: 'report', params: {} },
  { cmd: 'health' },
  { cmd: 'agents' },
];
let answers = 0;
let refused = 0;

function open(begin) {
  const socket = createConnection(path);
  socket.on('error', () => {});
  socket.on('connect', () => begin(socket));
  socket.on('close', () => {
    refused++;
    setTimeout(() => open(begin), 100);
  });
}

for (let i = 0; i < ASKERS; i++) {
  let next = i;
  open(socket => {
    const ask = () => socket.write(`${JSON.stringify({ ...WISHES[next++ % WISHES.length], id: next })}\n`);
    createInterface({ input: socket })
      .on('line', line => {
        if (!line.startsWith('{"type":"response"') && !line.startsWith('{"type":"error"')) return;
        answers++;
        ask();
      })
      .on('error', () => {});
    ask();
  });
}
// Nothing at all, half a request of the greatest size, a byte at a time.
for (let i = 0; i < 150; i++) open(() => {});
for (let i = 0; i < 20; i++) open(socket => socket.write('x'.repeat(999_000)));
for (let i = 0; i < 20; i++) open(socket => setInterval(() => socket.writable && socket.write('x'), 5));
process.stdin.resume().on('end', () => {
  process.stdout.write(`${answers} ${refused}`, () => process.exit(0));
});
