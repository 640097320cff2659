// ping-client.mjs SOCKET: pings every 20 ms until standard input closes, then says the delays in ms as JSON. What is
// unanswered then, or was refused, counts as long as it lasted.
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

const EVERY_MS = 20;
const delays = [];
const asked = new Map();
let serial = 0;
let socket;

function connect() {
  const began = performance.now();
  socket = createConnection(process.argv[2]);
  socket.on('error', () => {});
  socket.on('close', () => {
    // Thrown out, or refused: the delay goes on until it is let in and answered.
    setTimeout(connect, EVERY_MS);
    for (const id of asked.keys()) if (asked.get(id) > began) asked.set(id, began);
  });
  createInterface({ input: socket })
    .on('line', line => {
      const { type, id } = JSON.parse(line);
      if (type !== 'pong') return;
      // An answer to a later one answers those that were lost with their connection, too.
      for (const [other, at] of asked) {
        if (other > id) continue;
        delays.push(performance.now() - at);
        asked.delete(other);
      }
    })
    .on('error', () => {});
}

connect();
setInterval(() => {
  // As an ordinary client does: one at a time.
  if (asked.size > 0 && !socket.connecting && socket.writable && asked.has(serial)) return;
  asked.set(++serial, performance.now());
  if (socket.writable) socket.write(`${JSON.stringify({ cmd: 'ping', id: serial })}\n`);
}, EVERY_MS);
process.stdin.resume().on('end', () => {
  for (const at of asked.values()) delays.push(performance.now() - at);
  process.stdout.write(JSON.stringify(delays.map(ms => Math.round(ms * 10) / 10)), () => process.exit(0));
});
