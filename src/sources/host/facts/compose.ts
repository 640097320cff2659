import type { Systeminformation } from 'systeminformation';
import type { HostFacts } from '../../../model/host-facts.js';

/** What systeminformation found, as facts. Pure. */

const MAX_TEXT = 200;
const MAX_GPUS = 16;
const MIB = 1024 * 1024;
/** What firmware says where its maker filled in nothing. */
const FILLER =
  /^(to be filled by o\.?e\.?m\.?|default string|system (product name|manufacturer)|not (specified|applicable)|unknown|none|n\/a|-+)$/i;

export interface Found {
  cpu: Pick<Systeminformation.CpuData, 'manufacturer' | 'brand' | 'physicalCores' | 'cores'>;
  system: Pick<Systeminformation.SystemData, 'manufacturer' | 'model' | 'virtual' | 'virtualHost'>;
  baseboard: Pick<Systeminformation.BaseboardData, 'manufacturer' | 'model'>;
  os: Pick<Systeminformation.OsData, 'distro' | 'release' | 'codename' | 'kernel' | 'arch'>;
  graphics: {
    controllers: readonly Pick<Systeminformation.GraphicsControllerData, 'vendor' | 'model' | 'vram'>[];
  };
}

export function factsOf({ cpu, system, baseboard, os, graphics }: Found): HostFacts {
  const container = /^(\w+) container$/i.exec(text(system.model) ?? '')?.[1] ?? null;
  return {
    cpu: {
      model: named(cpu.manufacturer, cpu.brand),
      physical_cores: count(cpu.physicalCores),
      logical_cores: count(cpu.cores),
    },
    system: container === null ? named(system.manufacturer, system.model) : null,
    board: named(baseboard.manufacturer, baseboard.model),
    distribution: distribution(os),
    kernel: text(os.kernel),
    architecture: text(os.arch),
    virtualisation: container ?? (system.virtual ? (text(system.virtualHost) ?? 'virtual machine') : null),
    gpus: graphics.controllers.slice(0, MAX_GPUS).flatMap(({ vendor, model, vram }) => {
      const name = named(vendor, model);
      return name === null
        ? []
        : [{ name, vram_bytes: typeof vram === 'number' && vram > 0 ? vram * MIB : null }];
    }),
  };
}

function distribution({ distro, release, codename }: Found['os']): string | null {
  const [name, version, code] = [text(distro), text(release), text(codename)];
  if (name === null) return null;
  return [name, version, code === null ? null : `(${code})`].filter(part => part !== null).join(' ');
}

/** The maker's name once: most put it before the model themselves. */
function named(maker: unknown, model: unknown): string | null {
  const [by, what] = [text(maker), text(model)];
  if (what === null) return null;
  return by === null || what.toLowerCase().startsWith(by.toLowerCase()) ? what : `${by} ${what}`;
}

function text(value: unknown): string | null {
  const cut = typeof value === 'string' ? value.trim().slice(0, MAX_TEXT) : '';
  return cut === '' || FILLER.test(cut) ? null : cut;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null;
}
