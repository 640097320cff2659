// "N passed, N failed" from vitest's JSON report and make's exit status.
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed = report.numPassedTests;
  failed = report.numFailedTests;
  // A file that did not even load has no tests to fail.
  failed += report.testResults.filter(
    one => one.status === 'failed' && one.assertionResults.length === 0,
  ).length;
  if (passed + failed === 0) failed = 1;
} catch {
  failed = 1;
}
if (status !== '0' && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
