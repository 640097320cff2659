import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findBpftrace, kernelStructs, runProgram } from '../../../src/sources/kernel/bpftrace.js';
import { parseLine } from '../../../src/sources/kernel/events/stream.js';
import { specialise } from '../../../src/sources/kernel/program.js';
import { BPF_DIR, bpftraces, isRoot, until } from './helpers.js';

const TEXT = readFileSync(`${BPF_DIR}/terminal-fentry.bt`, 'utf8');

/** The same statements on tracepoints, which every kernel lets be attached: what is read there is meaningless. */
const onTracepoints = (text: string): string =>
  text
    .replace(/^VIGIL_FEXIT:n_tty_write$/m, 'tracepoint:workqueue:workqueue_execute_start')
    .replace(/^VIGIL_FEXIT:n_tty_receive_buf2$/m, 'tracepoint:workqueue:workqueue_execute_end')
    .replaceAll(/args->(tty|buf|cp)\b/g, 'args->work')
    .replaceAll(/\bretval\b/g, 'args->function');

// What it sees: test/vm, on kernels that allow tracing programs.
describe.skipIf(!isRoot)('terminal-fentry.bt', () => {
  describe.each(bpftraces())('bpftrace of $name', ({ path }) => {
    const start = async (change: (text: string) => string) => {
      const found = await findBpftrace(path);
      if (found.bpftrace === null) throw new Error(found.problem);
      const machine = { structs: await kernelStructs(found.bpftrace), version: found.bpftrace.version };
      const text = specialise(change(TEXT), machine);
      expect(text).not.toMatch(/^VIGIL_|[^E]VIGIL_(?!\*)/m);
      let output = '';
      const input = { text, parameters: [String(process.pid)] };
      const program = runProgram(found.bpftrace, input, {
        line: line => {
          output += `${line}\n`;
        },
      });
      onTestFinished(() => program.stop());
      let problem: string | null = null;
      void program.exited.then(exit => {
        problem = exit.stderr;
      });
      await until('attached or refused', () => output.includes('"H ') || problem !== null);
      return { problem: problem as string | null, output: () => output };
    };

    it('is compiled, and the verifier accepts what it does', async () => {
      const { problem, output } = await start(onTracepoints);
      expect(problem).toBeNull();
      await until('a second heartbeat', () => output().split('"H ').length > 2);
      const lines = output().split('\n').slice(0, -1);
      expect(lines.filter(line => parseLine(line).type === 'unparsed')).toEqual([]);
    });

    it('attaches, or is refused for what the kernel cannot do', async () => {
      const { problem } = await start(text => text);
      if (problem !== null)
        expect(problem).toMatch(/traceable functions|not available for your kernel|No matches for fe/);
    });
  });
});
