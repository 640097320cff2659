import { expect, it } from 'vitest';
import { type Found, factsOf } from '../../../../src/sources/host/facts/compose.js';

const found: Found = {
  cpu: { manufacturer: 'AMD', brand: 'Ryzen 9 7950X', physicalCores: 16, cores: 32 },
  system: { manufacturer: 'LENOVO', model: 'ThinkPad X1', virtual: false },
  baseboard: { manufacturer: 'LENOVO', model: '20XW' },
  os: { distro: 'Debian GNU/Linux', release: '12', codename: 'bookworm', kernel: '6.1.0', arch: 'x64' },
  graphics: { controllers: [{ vendor: 'NVIDIA Corporation', model: 'AD102', vram: 24_564 }] },
};

it('names what is there', () => {
  expect(factsOf(found)).toEqual({
    cpu: { model: 'AMD Ryzen 9 7950X', physical_cores: 16, logical_cores: 32 },
    system: 'LENOVO ThinkPad X1',
    board: 'LENOVO 20XW',
    distribution: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0',
    architecture: 'x64',
    virtualisation: null,
    gpus: [{ name: 'NVIDIA Corporation AD102', vram_bytes: 24_564 * 1024 * 1024 }],
  });
});

it('says nothing where the firmware says nothing', () => {
  const facts = factsOf({
    ...found,
    cpu: { ...found.cpu, brand: '', physicalCores: 0 },
    system: { manufacturer: 'To Be Filled By O.E.M.', model: 'System Product Name', virtual: false },
    baseboard: { manufacturer: 'Default string', model: '-' },
    graphics: { controllers: [{ vendor: '', model: '', vram: null }] },
  });
  expect(facts).toMatchObject({
    cpu: { model: null, physical_cores: null },
    system: null,
    board: null,
    gpus: [],
  });
});

it('names the maker once, and bounds what it is told', () => {
  const long = 'x'.repeat(5_000);
  const facts = factsOf({
    ...found,
    cpu: { ...found.cpu, manufacturer: 'Intel', brand: 'Intel Core i7' },
    os: { ...found.os, kernel: long },
  });
  expect(facts.cpu.model).toBe('Intel Core i7');
  expect(facts.kernel).toHaveLength(200);
});

it.each([
  [{ virtual: true, virtualHost: 'KVM', model: 'Standard PC' }, 'KVM'],
  [{ virtual: true, model: 'Standard PC' }, 'virtual machine'],
  [{ virtual: false, model: 'Docker Container' }, 'Docker'],
])('knows where it runs: %j', (system, virtualisation) => {
  expect(factsOf({ ...found, system: { manufacturer: '', ...system } })).toMatchObject({ virtualisation });
});
