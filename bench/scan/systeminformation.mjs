// Usage: node systeminformation.mjs FOLDER, where FOLDER/node_modules holds the package.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { processes } = createRequire(join(process.argv[2], 'x.js'))('systeminformation');
for (;;) {
  const next = new Promise(resolve => setTimeout(resolve, 1000));
  await processes();
  await next;
}
