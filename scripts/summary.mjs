// What vitest's JSON report and the log of the machines say, in the last lines of a log: which tests failed and why, which
// needed a second try, and "N passed, N failed". Usage: summary.mjs REPORT LOG STATUS, the exit status of make.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const MAX_LINES = 12;

const [file, log, status] = process.argv.slice(2);

function tell(what, { name }, { fullName, failureMessages = [] }) {
  const said = stripVTControlCharacters(failureMessages[0] ?? '')
    .split('\n')
    .filter(line => !/^\s+at .*(node_modules|node:|new Promise)/.test(line));
  console.log(`${what}: ${relative('.', name)}: ${fullName}`);
  for (const line of said.slice(0, MAX_LINES)) console.log(`    ${line}`);
}

/** How many passed and failed; tells of all that did not pass at the first try. */
function read({ testResults, numPassedTests, numFailedTests }) {
  let failed = numFailedTests;
  for (const one of testResults) {
    for (const test of one.assertionResults)
      if (test.status === 'failed') tell('FAILED', one, test);
      else if (test.status === 'passed' && test.failureMessages?.length > 0)
        tell('passed at the second try only', one, test);
    // A file that did not even load has no tests to fail.
    if (one.status === 'failed' && one.assertionResults.length === 0) {
      tell('FAILED', one, { fullName: 'did not load', failureMessages: [one.message] });
      failed++;
    }
  }
  return { passed: numPassedTests, failed };
}

/** How many checks in machines passed and failed, a line each: `trixie  ok      it is active`. Tells of the latter. */
function readMachines(text) {
  const lines = text.split('\n');
  const bad = lines.filter(line => /^\w+ {2}FAILED/.test(line));
  for (const line of bad) console.log(`in the machine ${line}`);
  return { passed: lines.filter(line => /^\w+ {2}ok {2}/.test(line)).length, failed: bad.length };
}

let passed = 0;
let failed = 0;
for (const [what, of, parse] of [
  ['tests', file, text => read(JSON.parse(text))],
  ['machines', log, readMachines],
]) {
  try {
    const counts = parse(readFileSync(of, 'utf8'));
    passed += counts.passed;
    failed += counts.failed;
  } catch (error) {
    console.log(`there is no report of the ${what}: ${error.message}`);
  }
}
if (failed === 0 && (status !== '0' || passed === 0)) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
