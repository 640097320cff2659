/** What a machine is, as long as it runs: figures of the moment are in the snapshot. Text is the firmware's and raw. */
export interface HostFacts {
  cpu: {
    /** e.g. `AMD Ryzen 9 7950X`; null: it does not say. */
    model: string | null;
    physical_cores: number | null;
    /** Processors that run threads. */
    logical_cores: number | null;
  };
  /** The machine as it is sold, e.g. `LENOVO ThinkPad X1`; null: it does not say. */
  system: string | null;
  board: string | null;
  /** e.g. `Debian GNU/Linux 12 (bookworm)` */
  distribution: string | null;
  kernel: string | null;
  /** e.g. `x64` */
  architecture: string | null;
  /** e.g. `KVM`, `Docker`; null: it runs on the hardware itself, or does not say. */
  virtualisation: string | null;
  gpus: readonly { name: string; vram_bytes: number | null }[];
}
