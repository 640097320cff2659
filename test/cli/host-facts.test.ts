import { expect, it } from 'vitest';
import { factsLine } from '../../src/cli/ui/host-facts.js';
import { fakeFacts } from '../api/fake-daemon.js';

it('the machine in a line, and what says nothing is left out', () => {
  expect(factsLine(fakeFacts())).toBe(
    'ACME Box · AMD Ryzen 9 7950X, 16 cores · NVIDIA AD102 (24G) · Debian GNU/Linux 12 (bookworm), Linux 6.1.0 · KVM',
  );
  const silent = { model: null, physical_cores: 1, logical_cores: 1 };
  expect(
    factsLine(
      fakeFacts({
        cpu: silent,
        system: null,
        gpus: [],
        distribution: null,
        kernel: null,
        virtualisation: null,
      }),
    ),
  ).toBe('1 core');
});

it('what the firmware says cannot reach the terminal', () => {
  expect(factsLine(fakeFacts({ system: 'a\u001b]0;x\u0007' }))).not.toMatch(/\p{Cc}/u);
});
